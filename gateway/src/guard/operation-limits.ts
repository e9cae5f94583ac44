import {
  GraphQLError,
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** The parser gives up after this many tokens, so that a huge document costs nothing. */
export const maxTokens = 5_000

/** Counted with fragments expanded. */
export interface OperationLimits {
  /** Introspection is not counted here; graphql-js limits it by a rule of its own. */
  readonly depth: number
  readonly aliases: number
  readonly rootFields: number
  readonly fields: number
  readonly directives: number
  /** On one field, fragment, variable or operation. */
  readonly directivesPerNode: number
}

export const defaultOperationLimits: OperationLimits = {
  depth: 20,
  aliases: 100,
  rootFields: 50,
  fields: 2_000,
  directives: 500,
  directivesPerNode: 10,
}

interface Size {
  readonly depth: number
  /** On the uppermost level. */
  readonly own: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  /** The most on any node. */
  readonly onOneNode: number
}

const nothing: Size = { depth: 0, own: 0, fields: 0, aliases: 0, directives: 0, onOneNode: 0 }

/**
 * Measures each operation with its fragments expanded, because that is what is planned and run:
 * thirty lines of fragments can stand for millions of fields. Each definition is walked once, so
 * this takes time in proportion to the document, and comes before whatever takes more.
 */
export function exceededLimits(
  document: DocumentNode,
  limits: OperationLimits,
): readonly GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    }
  }
  const measured = new Map<string, Size>()

  function sizeOf(selectionSet: SelectionSetNode | undefined): Size {
    return (selectionSet?.selections ?? []).reduce(
      (sum, selection) => plus(sum, plus(sizeOfSelection(selection), onNode(selection.directives))),
      nothing,
    )
  }

  function sizeOfSelection(selection: SelectionNode): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return sizeOfFragment(selection.name.value)
    const inner = sizeOf(selection.selectionSet)
    if (selection.kind === Kind.INLINE_FRAGMENT) return inner
    return {
      ...inner,
      depth: selection.name.value.startsWith('__') ? 0 : inner.depth + 1,
      own: 1,
      fields: inner.fields + 1,
      aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
    }
  }

  function sizeOfFragment(name: string): Size {
    const known = measured.get(name)
    if (known !== undefined) return known
    // A fragment that contains itself is refused by another rule; here it must only end.
    measured.set(name, nothing)
    const fragment = fragments.get(name)
    const size = plus(sizeOf(fragment?.selectionSet), onNode(fragment?.directives))
    measured.set(name, size)
    return size
  }

  return document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return []
    const { selectionSet, variableDefinitions = [] } = definition
    const size = [definition, ...variableDefinitions].reduce(
      (sum, node) => plus(sum, onNode(node.directives)),
      sizeOf(selectionSet),
    )
    return refusals(definition, size, limits)
  })
}

function refusals(
  operation: OperationDefinitionNode,
  size: Size,
  limits: OperationLimits,
): readonly GraphQLError[] {
  const counts = [
    ['depth', size.depth, limits.depth],
    ['aliases', size.aliases, limits.aliases],
    ['root_fields', size.own, limits.rootFields],
    ['fields', size.fields, limits.fields],
    ['directives', size.directives, limits.directives],
    ['directives_per_node', size.onOneNode, limits.directivesPerNode],
  ] as const
  return counts.flatMap(([what, actual, limit]) =>
    actual <= limit ? [] : [tooComplex(what, actual, limit, operation)],
  )
}

/** @param what is counted, as `details` name it */
export function tooComplex(
  what: string,
  actual: number,
  limit: number,
  nodes?: OperationDefinitionNode,
): GraphQLError {
  const message = `the operation is too large: ${what} is ${actual}, the limit is ${limit}`
  const extensions = { code: 'QUERY_TOO_COMPLEX', details: { [what]: actual, limit } }
  return new GraphQLError(message, { ...(nodes === undefined ? {} : { nodes }), extensions })
}

function onNode(directives: readonly DirectiveNode[] | undefined): Size {
  const count = directives?.length ?? 0
  return count === 0 ? nothing : { ...nothing, directives: count, onOneNode: count }
}

function plus(a: Size, b: Size): Size {
  return {
    depth: Math.max(a.depth, b.depth),
    own: a.own + b.own,
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    onOneNode: Math.max(a.onOneNode, b.onOneNode),
  }
}
