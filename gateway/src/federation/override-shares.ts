import { createHash } from 'node:crypto'
import { isInterfaceType, isObjectType, Kind, type GraphQLSchema } from 'graphql'

/** By its label, whether a progressive `@override` holds for an operation. */
export type OverridesFor = (operation: string) => Map<string, boolean>

const percentPattern = /^percent\((\d+(?:\.\d+)?)\)$/
const hashRange = 2 ** 32

/**
 * `@override(label: "percent(x)")` moves a field for x percent of all operations. Which ones is
 * drawn from their text: the same on every gateway and at every time, and an operation that has
 * moved does not move back when the share grows. Any other label holds never: nobody here says
 * when it would.
 */
export function createOverrides(supergraph: GraphQLSchema): OverridesFor {
  const shares = new Map<string, number>()
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      for (const directive of field.astNode?.directives ?? []) {
        const value = directive.arguments?.find(({ name }) => name.value === 'overrideLabel')?.value
        if (value?.kind !== Kind.STRING) continue
        shares.set(value.value, Number(percentPattern.exec(value.value)?.[1] ?? 0))
      }
    }
  }
  return (operation) => {
    if (shares.size === 0) return new Map()
    const hash = createHash('sha256').update(operation).digest().readUInt32BE(0)
    const drawn = (hash / hashRange) * 100
    return new Map([...shares].map(([label, share]) => [label, drawn < share]))
  }
}
