import type { StrategyPolicy } from '@heirloom/persistence'
import type { Stores } from './stores.js'

/**
 * The policy that holds: the surface's own, wherever the route of that surface keeps it, before the
 * one for every surface. @throws AppError FORBIDDEN, and what opening a store throws
 */
export async function effectiveStrategyPolicy(
  stores: Stores,
  surfaceId: string | null,
  actionName: string,
): Promise<StrategyPolicy | null> {
  if (surfaceId !== null) {
    const own = await stores.strategies(surfaceId).find(surfaceId, actionName)
    if (own !== null && own.surfaceId === surfaceId) return own
  }
  return stores.strategies(null).find(null, actionName)
}
