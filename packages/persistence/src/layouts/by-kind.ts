import type { BackendType, StoreNeeds } from '../backends/backend.js'
import type { KeyLayout } from '../ports/key-layout.js'
import { attributionLayout } from './attribution.js'
import { budgetLayout } from './budget.js'
import { canvasCommandLayout } from './canvas-command.js'
import { chatLayout } from './chat.js'
import { configLayout } from './config.js'
import { eventStreamLayout } from './event-stream.js'
import { firearmsPolicyLayout } from './firearms-policy.js'
import { mediaOutputLayout } from './media-output.js'
import { memoryLayout } from './memory.js'
import { metricsLayout } from './metrics.js'
import { routingRegistryLayout } from './routing-registry.js'
import { seoConfigLayout } from './seo-config.js'
import { keyLayouts, storeNeeds, type KeyLayouts, type StoreLayout } from './store-layout.js'
import { strategyPolicyLayout } from './strategy-policy.js'
import { tabularLayout } from './tabular.js'

/** The layout of each kind of data that a route can be for. */
export const layoutsByKind: Readonly<Record<string, StoreLayout>> = {
  attribution_store: attributionLayout,
  budget_store: budgetLayout,
  canvas_command_store: canvasCommandLayout,
  chat_store: chatLayout,
  config_store: configLayout,
  event_stream: eventStreamLayout,
  firearms_policy_store: firearmsPolicyLayout,
  media_output_store: mediaOutputLayout,
  memory_store: memoryLayout,
  metrics_store: metricsLayout,
  routing_registry_store: routingRegistryLayout,
  seo_config_store: seoConfigLayout,
  strategy_policy_store: strategyPolicyLayout,
  tabular_store: tabularLayout,
}

// One object per kind and backend: backends remember what they read of a layout by its identity.
const keyLayoutsByKind: ReadonlyMap<string, KeyLayouts> = new Map(
  Object.entries(layoutsByKind).map(([kind, layout]) => [kind, keyLayouts(layout)]),
)

/** What a kind's records want of a backend besides room; undefined for no kind of ours. */
export function storeNeedsOf(resourceKind: string, backend: BackendType): StoreNeeds | undefined {
  if (!Object.hasOwn(layoutsByKind, resourceKind)) return undefined
  const layout = layoutsByKind[resourceKind]
  return layout === undefined ? undefined : storeNeeds(layout, backend)
}

/** How a kind's records lie on a backend; undefined where the neutral keys are kept as they are. */
export function keyLayoutOf(resourceKind: string, backend: BackendType): KeyLayout | undefined {
  return keyLayoutsByKind.get(resourceKind)?.[backend]
}
