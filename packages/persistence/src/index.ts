export {
  createBackendPool,
  createBackends,
  type BackendEnvironment,
  type BackendPool,
} from './backends.js'
export {
  backendTypes,
  labOnlyBackends,
  type Backend,
  type BackendType,
  type OpenBackend,
} from './backends/backend.js'
export {
  parseConfig,
  type BackendConfig,
  type ConfigField,
  type ConfigSpec,
} from './backends/config-spec.js'
export { recordMigrations } from './backends/postgres/schema.js'
export { storeNeedsOf } from './layouts/by-kind.js'
export { joinKey, keyPrefix, paddedNumber, splitKey } from './keys.js'
export { failedWrites } from './ports/conflict.js'
export type {
  Expectation,
  JsonObject,
  JsonValue,
  RecordPage,
  RecordRange,
  Records,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
  Write,
} from './ports/record-table.js'
export {
  isResourceKind,
  resourceKindNames,
  resourceKinds,
  type ResourceKind,
  type ResourceKindName,
  type StoreOf,
  type StoreScope,
} from './resource-kinds.js'
export type { Difference, Migration, MigrationOptions, Phase } from './migration/migration.js'
export { createMigrations, type Migrations } from './migration/migrations.js'
export { createMigrationRunner, type MigrationRunner } from './migration/runner.js'
export { parseBootstrap, type RoutingBootstrap } from './routing/bootstrap.js'
export { explainSelection, type RouteCandidate, type RouteCondition } from './routing/explain.js'
export { redacted } from './routing/change.js'
export type { LeaseTimes } from './routing/lease.js'
export type { NewRoute } from './routing/new-route.js'
export { createRoutedRecords, type RoutedRecords } from './routing/routed-records.js'
export type { BackendSwitch, RouteAudit } from './routing/registry-store.js'
export {
  createRoutingRegistry,
  type RoutingRegistry,
  type RoutingRegistryOptions,
} from './routing/registry.js'
export type { Route, RouteRequest } from './routing/route.js'
export {
  createEventStreamStore,
  type EventStreamOptions,
  type EventStreamStore,
} from './stores/event-stream.js'
export { appendedAt } from './stores/event-stream-types.js'
export type { Kept, Trimmed } from './stores/event-stream-trim.js'
export { storedStreams, type StoredStream } from './stores/stored-streams.js'
export type {
  NewStreamEvent,
  StoredEvent,
  StreamPage,
  StreamPosition,
} from './stores/event-stream-types.js'
export {
  createAttributionStore,
  utmParameters,
  type AttributionContract,
  type AttributionStore,
  type NewAttributionContract,
  type UtmTemplate,
} from './stores/attribution.js'
export { createBudgetStore } from './stores/budget.js'
export {
  budgetPeriods,
  type BudgetEntry,
  type BudgetHistory,
  type BudgetPeriod,
  type BudgetStore,
  type BudgetUsage,
  type Spend,
  type SpendOutcome,
} from './stores/budget-types.js'
export { createCanvasCommandStore } from './stores/canvas-command.js'
export type {
  AppendToTimeline,
  CanvasCommand,
  CanvasCommandStore,
  NewCanvasCommand,
} from './stores/canvas-command-types.js'
export { createChatStore } from './stores/chat.js'
export {
  chatRoles,
  type ChatMessage,
  type ChatRole,
  type ChatSnapshot,
  type ChatStore,
  type ChatThread,
  type NewChatMessage,
} from './stores/chat-types.js'
export {
  configScopes,
  createConfigStore,
  findConfig,
  type ConfigScope,
  type ConfigStore,
  type ConfigVersion,
  type FoundConfig,
} from './stores/config.js'
export type { StoreOptions } from './stores/contention.js'
export { createFirearmsPolicyStore } from './stores/firearms-policy.js'
export {
  firearmActorTypes,
  type ActionBinding,
  type FirearmActor,
  type FirearmActorType,
  type FirearmGrant,
  type FirearmsAudit,
  type FirearmsDecision,
  type FirearmsPolicyStore,
  type NewActionBinding,
} from './stores/firearms-policy-types.js'
export {
  createMediaOutputStore,
  type MediaOutput,
  type MediaOutputStore,
  type NewMediaOutput,
} from './stores/media-output.js'
export { createMemoryStore } from './stores/memory.js'
export type {
  Blackboard,
  MemoryMessage,
  MemoryStore,
  NewMemoryMessage,
  SessionChanges,
  SessionMemory,
} from './stores/memory-types.js'
export { createMetricsStore } from './stores/metrics.js'
export {
  metricDimensions,
  metricResolutions,
  type MetricCount,
  type MetricDimension,
  type MetricDimensions,
  type MetricPoint,
  type MetricQuery,
  type MetricResolution,
  type MetricsStore,
} from './stores/metrics-types.js'
export type { Page, PageRequest } from './stores/record-page.js'
export {
  createSeoConfigStore,
  type NewSeoConfig,
  type SeoConfig,
  type SeoConfigStore,
  type SeoPage,
} from './stores/seo-config.js'
export {
  approverPolicies,
  createStrategyPolicyStore,
  defaultBehaviors,
  defaultStrategyPolicies,
  everyAction,
  type ApproverPolicy,
  type DefaultBehavior,
  type NewStrategyPolicy,
  type StrategyPolicy,
  type StrategyPolicyStore,
} from './stores/strategy-policy.js'
export { createTabularStore, type TabularRow, type TabularStore } from './stores/tabular.js'
export type {
  Document,
  DocumentEvent,
  DocumentPage,
  DocumentQuery,
  Documents,
  DocumentStore,
  DocumentWatch,
  Filter,
  Order,
  Scalar,
  WatchOptions,
  WriteCondition,
} from './ports/document-store.js'
export type {
  LoginOutcome,
  LoginStats,
  NewUser,
  User,
  UserChange,
  UserId,
  UserPage,
  Users,
  UserStore,
} from './ports/user-store.js'
export type { TokenRevocations, TokenRevocationStore } from './ports/token-revocation-store.js'
export { documentMigrations } from './backends/postgres-documents/schema.js'
export { backfillDocuments, type Backfill } from './documents/backfill.js'
export type { BackfillProgress } from './documents/backfill-progress.js'
export {
  parseStorageConfig,
  type DatabaseSettings,
  type StorageBackend,
  type StorageConfig,
} from './documents/config.js'
export type { DeclaredIndex } from './documents/indexes.js'
export type { ReconcileOptions, ReconcileProgress } from './documents/reconcile.js'
export { createStorageFromConfig, type Storage, type StorageOptions } from './documents/storage.js'
export type { ShadowFailure, StoreStrategy } from './documents/strategy.js'
