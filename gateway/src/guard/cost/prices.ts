import {
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
  type ConstDirectiveNode,
  type GraphQLSchema,
} from 'graphql'

/** How many items a field yields, as @listSize says. */
export interface ListSize {
  readonly assumedSize: number | undefined
  readonly slicingArguments: readonly string[]
  /** Fields of what is returned that hold the list; empty: the field itself is it. */
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

/** What a schema says of costs; undefined is whatever holds by default. */
export interface Prices {
  /** Of a type, field, argument or input field by its coordinate, for example Query.people(first:). */
  weight(coordinate: string): number | undefined
  listSize(field: string): ListSize | undefined
}

type Directives = readonly ConstDirectiveNode[]
type Described = { readonly astNode?: Node | null | undefined }
type Node = { readonly directives?: Directives | undefined }

const costUrl = /^https:\/\/specs\.apollo\.dev\/cost(\/|$)/

/**
 * Reads @cost and @listSize (https://ibm.github.io/graphql-specs/cost-spec.html, and
 * https://www.apollographql.com/docs/graphos/routing/security/demand-control) from a supergraph,
 * by the names that it links them under.
 */
export function readPrices(supergraph: GraphQLSchema): Prices {
  const names = linkedNames(supergraph)
  const weights = new Map<string, number>()
  const sizes = new Map<string, ListSize>()

  function read(coordinate: string, { astNode }: Described): void {
    for (const directive of astNode?.directives ?? []) {
      const said = argumentsOf(directive)
      if (directive.name.value === names.cost) weights.set(coordinate, Number(said['weight']))
      if (directive.name.value === names.listSize) sizes.set(coordinate, listSizeOf(said))
    }
  }

  for (const type of Object.values(supergraph.getTypeMap())) {
    read(type.name, type)
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) read(`${type.name}.${field.name}`, field)
    }
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`
      read(coordinate, field)
      for (const argument of field.args) read(`${coordinate}(${argument.name}:)`, argument)
    }
  }
  return {
    weight: (coordinate) => weights.get(coordinate),
    listSize: (coordinate) => sizes.get(coordinate),
  }
}

function listSizeOf(said: Readonly<Record<string, unknown>>): ListSize {
  const { assumedSize, requireOneSlicingArgument } = said
  return {
    assumedSize: typeof assumedSize === 'number' ? assumedSize : undefined,
    slicingArguments: strings(said['slicingArguments']),
    sizedFields: strings(said['sizedFields']),
    requireOneSlicingArgument: requireOneSlicingArgument !== false,
  }
}

/** https://specs.apollo.dev/link/v1.0: what is not imported is called by its feature's name. */
function linkedNames({ astNode }: GraphQLSchema): { cost: string; listSize: string } {
  for (const directive of astNode?.directives ?? []) {
    const { url, as, import: imports } = argumentsOf(directive)
    if (typeof url !== 'string' || !costUrl.test(url)) continue
    const feature = typeof as === 'string' ? as : 'cost'
    const imported = importedNames(imports)
    return {
      cost: imported.get('@cost') ?? feature,
      listSize: imported.get('@listSize') ?? `${feature}__listSize`,
    }
  }
  return { cost: 'cost', listSize: 'listSize' }
}

function importedNames(imports: unknown): ReadonlyMap<string, string> {
  const all: readonly unknown[] = Array.isArray(imports) ? imports : []
  return new Map(
    all.flatMap((each) => {
      if (typeof each === 'string') return [[each, each.slice(1)] as const]
      const { name, as = name } = each as { readonly name: string; readonly as?: string }
      return [[name, as.slice(1)] as const]
    }),
  )
}

function argumentsOf(directive: ConstDirectiveNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (directive.arguments ?? []).map(({ name, value }) => [
      name.value,
      value.kind === Kind.NULL ? null : valueFromASTUntyped(value),
    ]),
  )
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
