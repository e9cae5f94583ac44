import type {
  AttributionStore,
  BudgetStore,
  CanvasCommandStore,
  ChatStore,
  ConfigStore,
  DocumentStore,
  FirearmsPolicyStore,
  MediaOutputStore,
  MemoryStore,
  MetricsStore,
  SeoConfigStore,
  StrategyPolicyStore,
  TabularStore,
  TokenRevocationStore,
  UserStore,
} from '@heirloom/persistence'

/**
 * The routed stores of one caller: of the caller's tenant, and where a store has them of its mode,
 * project and user. Each is opened when it is asked for, on the route as it stands then; opening
 * throws ROUTE_NOT_CONFIGURED, BACKEND_FORBIDDEN or BACKEND_UNAVAILABLE.
 */
export interface Stores {
  attribution(): AttributionStore
  budgets(): BudgetStore
  canvases(): CanvasCommandStore
  /** Of the surface that the caller's token names, as far as routes tell surfaces apart. */
  chats(): ChatStore
  config(): ConfigStore
  /** Of every database that is open to the tenant; not routed, but bound by the process's config. */
  documents(): DocumentStore
  /** Bound as documents are, and so are the next. */
  users(): UserStore
  revocations(): TokenRevocationStore
  /** Kept with the tenant that runs the platform. */
  systemConfig(): ConfigStore
  firearms(): FirearmsPolicyStore
  mediaOutputs(): MediaOutputStore
  memory(): MemoryStore
  metrics(): MetricsStore
  seo(): SeoConfigStore
  /** The store that keeps the policies of just this surface, or those for every surface. */
  strategies(surfaceId: string | null): StrategyPolicyStore
  tables(): TabularStore
}
