/**
 * Every kind of data that a route can be for, in one table: how its records are spelled, how its
 * store is opened, whether its routes may depend on the surface. Routing, provisioning, the API and
 * the docs read it; a new store is one line here.
 */
import type { Mode } from '@heirloom/tenancy'
import { attributionLayout } from './layouts/attribution.js'
import { budgetLayout } from './layouts/budget.js'
import { canvasCommandLayout } from './layouts/canvas-command.js'
import { chatLayout } from './layouts/chat.js'
import { configLayout } from './layouts/config.js'
import { eventStreamLayout } from './layouts/event-stream.js'
import { firearmsPolicyLayout } from './layouts/firearms-policy.js'
import { mediaOutputLayout } from './layouts/media-output.js'
import { memoryLayout } from './layouts/memory.js'
import { metricsLayout } from './layouts/metrics.js'
import { routingRegistryLayout } from './layouts/routing-registry.js'
import { seoConfigLayout } from './layouts/seo-config.js'
import type { StoreLayout } from './layouts/store-layout.js'
import { strategyPolicyLayout } from './layouts/strategy-policy.js'
import { tabularLayout } from './layouts/tabular.js'
import type { RecordTable } from './ports/record-table.js'
import { createRoutingRegistryStore } from './routing/registry-store.js'
import { createAttributionStore } from './stores/attribution.js'
import { createBudgetStore } from './stores/budget.js'
import { createCanvasCommandStore } from './stores/canvas-command.js'
import { createChatStore } from './stores/chat.js'
import { createConfigStore, type ConfigScope } from './stores/config.js'
import type { StoreOptions } from './stores/contention.js'
import { createEventStreamStore } from './stores/event-stream.js'
import { createFirearmsPolicyStore } from './stores/firearms-policy.js'
import { createMediaOutputStore } from './stores/media-output.js'
import { createMemoryStore } from './stores/memory.js'
import { createMetricsStore } from './stores/metrics.js'
import { createSeoConfigStore } from './stores/seo-config.js'
import { createStrategyPolicyStore } from './stores/strategy-policy.js'
import { createTabularStore } from './stores/tabular.js'

/** Who opens a store, as far as it is not the tenant that the table is bound to. */
export interface StoreScope {
  readonly mode: Mode
  readonly projectId: string
  readonly userId: string
  /** Of a config store; `system` with a table that is bound to the platform's own tenant. */
  readonly configScope: ConfigScope
}

export interface ResourceKind {
  /** For people: what is kept there. */
  readonly description: string
  readonly layout: StoreLayout
  /** Whether a route may name a surface. */
  readonly surface: boolean
  /**
   * One place per tenant: a route names neither modes nor a project. Were the place another one for
   * each mode or project of who asks, records would be written at one place and read at another
   * (docs/adr/0009).
   */
  readonly wholeTenant: boolean
  /** Which parts of the scope keep its records apart, besides the tenant. */
  readonly isolatedBy: readonly (keyof StoreScope)[]
  open(table: RecordTable, scope: StoreScope, options?: StoreOptions): unknown
}

const forEverybody = { surface: false, wholeTenant: false, isolatedBy: [] } as const

export const resourceKinds = {
  attribution_store: {
    ...forEverybody,
    description: 'Attribution contracts: how links to each platform are marked (utm).',
    layout: attributionLayout,
    open: (table, _, options) => createAttributionStore(table, options),
  },
  budget_store: {
    ...forEverybody,
    description: 'Budgets and usage of tenants and projects; spends that never pass a limit.',
    layout: budgetLayout,
    wholeTenant: true,
    open: (table, _, options) => createBudgetStore(table, options),
  },
  canvas_command_store: {
    ...forEverybody,
    description: 'Commands that make up canvases, numbered by revision, for replay.',
    layout: canvasCommandLayout,
    isolatedBy: ['projectId'],
    open: (table, scope, options) => createCanvasCommandStore(table, scope, options),
  },
  chat_store: {
    ...forEverybody,
    description: 'Chat threads: messages and snapshots; transient threads expire.',
    layout: chatLayout,
    surface: true,
    isolatedBy: ['mode', 'projectId'],
    open: (table, scope, options) => createChatStore(table, scope, options),
  },
  config_store: {
    ...forEverybody,
    description: 'Versioned configuration of tenants and of the system, per surface.',
    layout: configLayout,
    isolatedBy: ['configScope'],
    open: (table, { configScope }, options) => createConfigStore(table, configScope, options),
  },
  event_stream: {
    ...forEverybody,
    description: 'Append-only streams of events, followed and resumed by cursor.',
    layout: eventStreamLayout,
    wholeTenant: true,
    open: (table, _, options) => createEventStreamStore(table, options),
  },
  firearms_policy_store: {
    ...forEverybody,
    description: 'Which actions are dangerous, and who was granted them; with an audit trail.',
    layout: firearmsPolicyLayout,
    open: (table, _, options) => createFirearmsPolicyStore(table, options),
  },
  media_output_store: {
    ...forEverybody,
    description: 'What was made from media assets: type, size and checksum of each output.',
    layout: mediaOutputLayout,
    isolatedBy: ['projectId'],
    open: (table, scope, options) => createMediaOutputStore(table, scope, options),
  },
  memory_store: {
    ...forEverybody,
    description: 'What agents remember: sessions of a user, blackboards of a project.',
    layout: memoryLayout,
    isolatedBy: ['mode', 'projectId', 'userId'],
    open: (table, scope, options) => createMemoryStore(table, scope, options),
  },
  metrics_store: {
    ...forEverybody,
    description: 'Analytics: raw points, and counts per hour by app, surface and utm.',
    layout: metricsLayout,
    isolatedBy: ['mode', 'projectId'],
    open: (table, scope, options) => createMetricsStore(table, scope, options),
  },
  routing_registry_store: {
    ...forEverybody,
    description: 'The routes themselves; its own route stands in the bootstrap file.',
    layout: routingRegistryLayout,
    open: (table) => createRoutingRegistryStore(table),
  },
  seo_config_store: {
    ...forEverybody,
    description: 'What search engines are told about each page.',
    layout: seoConfigLayout,
    open: (table, _, options) => createSeoConfigStore(table, options),
  },
  strategy_policy_store: {
    ...forEverybody,
    description: 'Which actions need a strategy lock, everywhere or on a surface.',
    layout: strategyPolicyLayout,
    surface: true,
    open: (table, _, options) => createStrategyPolicyStore(table, options),
  },
  tabular_store: {
    ...forEverybody,
    description: 'Rows of JSON by table and key, listed by prefix.',
    layout: tabularLayout,
    open: (table, _, options) => createTabularStore(table, options),
  },
} as const satisfies Readonly<Record<string, ResourceKind>>

export type ResourceKindName = keyof typeof resourceKinds

/** The store of a kind, as its line in the table opens it. */
export type StoreOf<Kind extends ResourceKindName> = ReturnType<
  (typeof resourceKinds)[Kind]['open']
>

export const resourceKindNames: readonly string[] = Object.keys(resourceKinds)

export function isResourceKind(name: string): name is ResourceKindName {
  return Object.hasOwn(resourceKinds, name)
}
