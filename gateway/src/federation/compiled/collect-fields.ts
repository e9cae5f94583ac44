import {
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'
import { refuseReservedName, Unsupported } from './unsupported.js'

/** A Boolean variable, and the value that it has to have. */
export interface Condition {
  readonly variable: string
  readonly is: boolean
}

/** Holds when all of its conditions do; the empty one always. */
export type Guard = readonly Condition[]

export interface GuardedSet {
  readonly guard: Guard
  readonly set: SelectionSetNode
}

export interface CollectedField {
  readonly key: string
  readonly name: string
  /** The field is there when one of these holds. */
  readonly guards: readonly Guard[]
  readonly nodes: readonly FieldNode[]
  readonly selections: readonly GuardedSet[]
}

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/**
 * CollectFields of the GraphQL specification (section 6.3.2) for all values of the variables at
 * once: what @skip and @include depend on becomes a guard.
 */
export function collectFields(
  schema: GraphQLSchema,
  fragments: Fragments,
  type: GraphQLNamedType,
  sets: readonly GuardedSet[],
): readonly CollectedField[] {
  const fields = new Map<string, Mutable>()
  const visited = new Set<string>()
  for (const { guard, set } of sets) collect(set, guard)
  return [...fields.values()]

  function collect(set: SelectionSetNode, outer: Guard): void {
    for (const selection of set.selections) {
      const guard = narrowed(outer, selection.directives ?? [])
      if (guard === undefined) continue
      if (selection.kind === Kind.FIELD) {
        add(selection, guard)
        continue
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
      if (fragment === undefined) continue
      if (!applies(schema, fragment.typeCondition?.name.value, type)) continue
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const visit = `${selection.name.value} ${guardKey(guard)}`
        if (visited.has(visit)) continue
        visited.add(visit)
      }
      collect(fragment.selectionSet, guard)
    }
  }

  function add(node: FieldNode, guard: Guard): void {
    const key = node.alias?.value ?? node.name.value
    refuseReservedName(key, node.name.value)
    const field: Mutable = fields.get(key) ?? {
      key,
      name: node.name.value,
      guards: [],
      nodes: [],
      selections: [],
    }
    fields.set(key, field)
    field.guards.push(guard)
    field.nodes.push(node)
    if (node.selectionSet !== undefined) field.selections.push({ guard, set: node.selectionSet })
  }
}

interface Mutable extends CollectedField {
  readonly guards: Guard[]
  readonly nodes: FieldNode[]
  readonly selections: GuardedSet[]
}

function applies(
  schema: GraphQLSchema,
  conditionName: string | undefined,
  type: GraphQLNamedType,
): boolean {
  if (conditionName === undefined || conditionName === type.name) return true
  const condition = schema.getType(conditionName)
  if (!isAbstractType(condition)) return false
  return 'getInterfaces' in type && schema.isSubType(condition, type)
}

/** The guard with the node's own conditions; undefined when it can never hold. */
function narrowed(outer: Guard, directives: readonly DirectiveNode[]): Guard | undefined {
  let guard = outer
  for (const { name, arguments: given } of directives) {
    const isSkip = name.value === GraphQLSkipDirective.name
    if (!isSkip && name.value !== GraphQLIncludeDirective.name) {
      throw new Unsupported('unknown_directive', `what @${name.value} does is not known`)
    }
    const value = given?.find((argument) => argument.name.value === 'if')?.value
    if (value?.kind === Kind.BOOLEAN) {
      if (value.value === isSkip) return undefined
    } else if (value?.kind === Kind.VARIABLE) {
      const condition = { variable: value.name.value, is: !isSkip }
      const known = guard.find(({ variable }) => variable === condition.variable)
      if (known !== undefined && known.is !== condition.is) return undefined
      if (known === undefined) guard = [...guard, condition]
    } else {
      throw new Unsupported('unknown_directive', `@${name.value} without a condition`)
    }
  }
  return guard
}

export function guardKey(guard: Guard): string {
  return guard
    .map(({ variable, is }) => `${is ? '' : '!'}${variable}`)
    .toSorted()
    .join('&')
}
