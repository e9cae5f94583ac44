import {
  isEnumType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type ConstDirectiveNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'

/** What subgraphs have to be given, as `@requires` and `@key` say in a supergraph. */
export interface SubgraphNeeds {
  /** What a subgraph needs before it can resolve a field; undefined: nothing. */
  requiredBy(subgraph: string, type: string, field: string): SelectionSetNode | undefined
  /** The keys by any one of which a subgraph can resolve a type. */
  keysOf(subgraph: string, type: string): readonly SelectionSetNode[]
}

export function readSubgraphNeeds(supergraph: GraphQLSchema): SubgraphNeeds {
  const names = graphNames(supergraph)
  const required = new Map<string, SelectionSetNode>()
  const keys = new Map<string, SelectionSetNode[]>()
  for (const type of Object.values(supergraph.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const directive of type.astNode?.directives ?? []) {
      const key = argument(directive, 'key')
      const isKey = directive.name.value === 'join__type' && key !== undefined
      if (!isKey || argument(directive, 'resolvable') === 'false') continue
      const at = `${graphOf(directive)} ${type.name}`
      keys.set(at, [...(keys.get(at) ?? []), selectionSet(key)])
    }
    for (const field of Object.values(type.getFields())) {
      for (const directive of field.astNode?.directives ?? []) {
        const requires = argument(directive, 'requires')
        if (directive.name.value !== 'join__field' || requires === undefined) continue
        required.set(`${graphOf(directive)} ${type.name}.${field.name}`, selectionSet(requires))
      }
    }
  }
  return {
    requiredBy: (subgraph, type, field) => required.get(`${subgraph} ${type}.${field}`),
    keysOf: (subgraph, type) => keys.get(`${subgraph} ${type}`) ?? [],
  }

  function graphOf(directive: ConstDirectiveNode): string {
    return names.get(argument(directive, 'graph') ?? '') ?? ''
  }
}

/** The names of subgraphs by the values of the enum that stands for them. */
function graphNames(supergraph: GraphQLSchema): ReadonlyMap<string, string> {
  const graphs = supergraph.getType('join__Graph')
  const values = isEnumType(graphs) ? graphs.getValues() : []
  return new Map(
    values.map(({ name, astNode }) => {
      const directive = astNode?.directives?.find(({ name: { value } }) => value === 'join__graph')
      return [name, (directive === undefined ? undefined : argument(directive, 'name')) ?? name]
    }),
  )
}

function argument({ arguments: given }: ConstDirectiveNode, name: string): string | undefined {
  const value = given?.find((each) => each.name.value === name)?.value
  switch (value?.kind) {
    case Kind.STRING:
    case Kind.ENUM:
      return value.value
    case Kind.BOOLEAN:
      return String(value.value)
    default:
      return undefined
  }
}

function selectionSet(fields: string): SelectionSetNode {
  const [definition] = parse(`{ ${fields} }`, { noLocation: true }).definitions
  if (definition?.kind === Kind.OPERATION_DEFINITION) return definition.selectionSet
  throw new Error(`a set of fields that is none: ${fields}`)
}
