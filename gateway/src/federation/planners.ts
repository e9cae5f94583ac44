import { Kind, visit, type SelectionNode } from 'graphql'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { createHivePlanner } from './hive-planner.js'
import type { PlanForExecution } from './plan.js'
import type { PlanOperation } from './planner.js'
import type { Supergraph } from './supergraph.js'

/** Whose plans are compiled. `auto`: Hive's where its binary loads, Apollo's for what it refuses. */
export const plannerNames = ['auto', 'apollo', 'hive'] as const
export type PlannerName = (typeof plannerNames)[number]

/**
 * The planners to be asked, in this order.
 * @throws AppError INVALID_INPUT when the one that is wanted is not for this machine or supergraph
 */
export async function plannersFor(
  supergraph: Supergraph,
  apollo: PlanOperation,
  name: PlannerName,
  logger: Logger,
): Promise<readonly PlanForExecution[]> {
  if (name === 'apollo') return [apollo]
  try {
    const hive = await createHivePlanner(supergraph)
    const both = hasInterfaceObjects(supergraph) ? [hive] : [withoutTypes(hive), hive]
    return name === 'auto' ? [...both, apollo] : both
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (name === 'hive') {
      const message = `Hive's planner cannot be used (${reason}): choose apollo or auto`
      throw new AppError('INVALID_INPUT', message, { cause })
    }
    logger.info({ reason }, "Hive's planner cannot be used, so Apollo's plans alone")
    return [apollo]
  }
}

/**
 * Hive's planner takes __typename for a field that not every subgraph can give, and goes round by
 * another for its sake; where it is not asked, it fetches types by itself wherever it needs them.
 */
function withoutTypes(plan: PlanForExecution): PlanForExecution {
  return (document) => {
    const untyped = visit(document, {
      SelectionSet: (set) => {
        const others = set.selections.filter((selection) => !isPlainTypename(selection))
        // Of one under an alias the planner thinks that it will do.
        if (others.length === 0 || others.some(isTypename)) return undefined
        if (others.length === set.selections.length) return undefined
        return { ...set, selections: others }
      },
    })
    return { ...plan(untyped), typesAreUnasked: true }
  }
}

function isTypename(selection: SelectionNode): boolean {
  return selection.kind === Kind.FIELD && selection.name.value === '__typename'
}

function isPlainTypename(selection: SelectionNode): boolean {
  return isTypename(selection) && !('alias' in selection && selection.alias !== undefined)
}

/** What an interface object says of its type is not the type of the object. */
function hasInterfaceObjects({ sdl }: Supergraph): boolean {
  return sdl.includes('isInterfaceObject: true')
}
