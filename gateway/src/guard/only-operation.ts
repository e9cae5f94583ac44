import {
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql'

/** The operation and the fragments that it reaches. */
export function onlyOperation(
  whole: DocumentNode,
  operation: OperationDefinitionNode,
): DocumentNode {
  const fragments = fragmentsOf(whole)
  const reached = new Set<FragmentDefinitionNode>()
  const look = (at: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(at, {
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value)
        if (fragment === undefined || reached.has(fragment)) return
        reached.add(fragment)
        look(fragment)
      },
    })
  }
  look(operation)
  return { kind: Kind.DOCUMENT, definitions: [operation, ...reached] }
}

export function fragmentsOf(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  )
}
