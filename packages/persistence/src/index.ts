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
export { type BackendConfig, type ConfigField, type ConfigSpec } from './backends/config-spec.js'
export { recordMigrations } from './backends/postgres/schema.js'
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
export { parseBootstrap, type RoutingBootstrap } from './routing/bootstrap.js'
export type { NewRoute } from './routing/new-route.js'
export { createRoutedRecords, type RoutedRecords } from './routing/routed-records.js'
export type { BackendSwitch, RouteAudit } from './routing/registry-store.js'
export {
  createRoutingRegistry,
  type RoutingRegistry,
  type RoutingRegistryOptions,
} from './routing/registry.js'
export { resourceKinds, type Route, type RouteRequest } from './routing/route.js'
export {
  createEventStreamStore,
  type EventStreamOptions,
  type EventStreamStore,
} from './stores/event-stream.js'
export { appendedAt } from './stores/event-stream-types.js'
export type {
  NewStreamEvent,
  StoredEvent,
  StreamPage,
  StreamPosition,
} from './stores/event-stream-types.js'
