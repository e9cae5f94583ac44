import { AppError } from '@heirloom/errors'
import { createHivePlanner } from './hive-planner.js'
import type { PlanForExecution } from './plan.js'
import type { PlanOperation } from './planner.js'
import type { Supergraph } from './supergraph.js'

/** Whose plans are compiled. `auto`: Hive's where its binary loads, Apollo's for what it refuses. */
export const plannerNames = ['auto', 'apollo', 'hive'] as const
export type PlannerName = (typeof plannerNames)[number]

/**
 * The planners to be asked, in this order.
 * @throws AppError INVALID_INPUT when the one that is wanted does not load on this machine
 */
export async function plannersFor(
  supergraph: Supergraph,
  apollo: PlanOperation,
  name: PlannerName,
): Promise<readonly PlanForExecution[]> {
  if (name === 'apollo') return [apollo]
  const hive = await createHivePlanner(supergraph)
  if (hive !== undefined) return name === 'auto' ? [hive, apollo] : [hive]
  if (name === 'auto') return [apollo]
  throw new AppError(
    'INVALID_INPUT',
    "Hive's planner does not load here, or is not for this supergraph: choose apollo or auto",
  )
}
