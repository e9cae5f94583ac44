import { AppError } from '@heirloom/errors'
import { createHivePlanner } from './hive-planner.js'
import type { PlanForExecution } from './plan.js'
import type { PlanOperation } from './planner.js'
import type { Supergraph } from './supergraph.js'
import { Kind, visit, type SelectionNode } from 'graphql'

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
  if (hive !== undefined) {
    const both = hasInterfaceObjects(supergraph) ? [hive] : [withoutTypes(hive), hive]
    return name === 'auto' ? [...both, apollo] : both
  }
  if (name === 'auto') return [apollo]
  throw new AppError(
    'INVALID_INPUT',
    "Hive's planner does not load here, or is not for this supergraph: choose apollo or auto",
  )
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
