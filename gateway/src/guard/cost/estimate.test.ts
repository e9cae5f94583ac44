import { composeServices } from '@apollo/composition'
import { getVariableValues, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createPolicy } from '../../federation/operation-policy.js'
import { buildSupergraph, loadSupergraph, type Supergraph } from '../../federation/supergraph.js'
import { createDocuments, type Priced } from '../documents.js'

const link = (imports: string) => `
  extend schema @link(
    url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", ${imports}]
  )`

const shop = `
  type Query {
    product(id: ID!): Product
    products(first: Int = 20, last: Int): Products!
      @listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false)
    best(first: Int, last: Int): [Product!]! @listSize(slicingArguments: ["first", "last"])
    recent: [Product!]! @listSize(assumedSize: 7)
    all: [Product!]!
    found(by: Filter, any: [Filter!]): [Product!]! @listSize(assumedSize: 1)
    report(deep: Boolean @cost(weight: 30)): String @cost(weight: 100)
    either: Either
  }
  type Mutation { rename(id: ID!, name: String!): Product }
  type Products { nodes: [Product!]! total: Int! }
  type Product @key(fields: "id") {
    id: ID!
    name: String!
    parts: [Product!]! @listSize(assumedSize: 3)
    maker: Maker!
    tags: [String!]!
  }
  type Maker @cost(weight: 5) { name: String! }
  union Either = Product | Maker
  input Filter { name: String dear: Int @cost(weight: 4) inner: Filter }
`

function composed(sdl: string): Supergraph {
  const { supergraphSdl, errors } = composeServices([
    { name: 'shop', url: 'http://shop', typeDefs: parse(sdl) },
  ])
  if (supergraphSdl === undefined) throw new Error(String(errors))
  return buildSupergraph(supergraphSdl)
}

const plain = composed(`${link('"@cost", "@listSize"')} ${shop}`)

function priced(
  query: string,
  variables: Record<string, unknown> = {},
  { supergraph = plain, costs = {} } = {},
): Priced {
  const documents = createDocuments({ ...supergraph, policy: createPolicy({ costs }) })
  const read = documents.read({ query })
  if (!('id' in read)) throw new Error(read.map(({ message }) => message).join())
  const definitions = read.definition.variableDefinitions ?? []
  const { coerced } = getVariableValues(supergraph.apiSchema, definitions, variables)
  return read.priced(coerced ?? {})
}

const costOf = (query: string, variables?: Record<string, unknown>): number =>
  priced(query, variables).cost

describe('the estimated cost', () => {
  it.each([
    ['of one object', '{ product(id: 1) { id name tags } }', 1],
    ['of a heavy type', '{ product(id: 1) { maker { name } } }', 1 + 5],
    ['of a field with a weight', '{ report }', 100],
    ['of an argument with a weight', '{ report(deep: true) }', 100 + 30],
    ['of a list of assumed size', '{ recent { id } }', 7],
    ['of lists in lists', '{ recent { parts { parts { id } } } }', 7 * (1 + 3 * (1 + 3))],
    ['of a list of which nothing is said', '{ all { id } }', 10],
    ['of a slice', '{ best(first: 4) { maker { name } } }', 4 * (1 + 5)],
    ['of a slice by its other end', '{ best(last: 6) { id } }', 6],
    ['of a page', '{ products(first: 50) { nodes { id } total } }', 1 + 50],
    ['of a page of the usual size', '{ products { nodes { id } } }', 1 + 20],
    ['of a mutation', 'mutation { rename(id: 1, name: "a") { id } }', 10 + 1],
    ['of introspection', '{ __schema { types { fields { name } } } __typename }', 0],
    ['of aliases', '{ a: recent { id } b: recent { id } }', 14],
    ['of what is left out', '{ recent @skip(if: true) { id } best(first: 2) { id } }', 2],
    ['of input objects', '{ found(by: { name: "a", dear: 1, inner: {} }) { id } }', 1 + 1 + 4 + 1],
    ['of lists of them', '{ found(any: [{ name: "a" }, { dear: 1 }]) { id } }', 1 + 2 + 4],
    ['of all types of a union', '{ either { ... on Product { id } ... on Maker { name } } }', 1],
    [
      'of fragments, as often as they are spread',
      '{ a: product(id: 1) { ...F } products(first: 5) { ...P } } fragment P on Products { nodes { ...F } } fragment F on Product { parts { id } }',
      1 + 3 + 1 + 5 * (1 + 3),
    ],
  ])('%s', (_what, query, cost) => {
    expect(costOf(query)).toBe(cost)
  })

  it('follows variables and their defaults', () => {
    const query =
      'query Q($n: Int = 3, $more: Boolean!) { best(first: $n) { id parts @include(if: $more) { id } } }'
    expect(costOf(query, { more: false })).toBe(3)
    expect(costOf(query, { more: true, n: 100 })).toBe(100 * 4)
    expect(costOf('query Q($n: Int) { products(first: $n) { nodes { id } } }')).toBe(1 + 20)
    expect(costOf('query Q($n: Int) { best(first: $n) { id } }', { n: -5 })).toBe(0)
    const found = 'query Q($f: [Filter!]) { found(any: $f) { id } }'
    expect(costOf(found, { f: Array.from({ length: 50 }, () => ({ dear: 1 })) })).toBe(1 + 50 * 5)
  })

  it('takes exactly one slicing argument where the schema says so', () => {
    expect(() => costOf('{ best { id } }')).toThrow('exactly one of: first, last')
    expect(() => costOf('{ best(first: 1, last: 1) { id } }')).toThrow('exactly one of')
  })

  it('knows the directives by whatever name they are linked', () => {
    const renamed = composed(
      `${link('{ name: "@cost", as: "@price" }')} ${shop
        .replaceAll('@cost', '@price')
        .replaceAll('@listSize', '@federation__listSize')}`,
    )
    const query = '{ recent { maker { name } } }'
    expect(priced(query, {}, { supergraph: renamed }).cost).toBe(7 * (1 + 5))
  })

  it('is refused above the limit, and so is a list that is asked to be too long', () => {
    const query = 'query Q($n: Int) { best(first: $n) { id parts { id } } }'
    const limits = { costs: { maxCost: 100, maxListSize: 50 } }
    expect(priced(query, { n: 25 }, limits)).toEqual({ cost: 100, refusal: undefined })
    expect(priced(query, { n: 26 }, limits).refusal?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      details: { cost: 104, limit: 100 },
    })
    expect(priced(query, { n: 51 }, limits).refusal?.extensions).toEqual({
      code: 'QUERY_TOO_COMPLEX',
      details: { list_size: 51, limit: 50 },
    })
  })
})

describe('our own schema', () => {
  const supergraph = loadSupergraph(
    new URL('../../../../schema/supergraph.graphql', import.meta.url),
  )

  it('says of each connection how long its lists are', () => {
    for (const field of Object.values(supergraph.apiSchema.getQueryType()?.getFields() ?? {})) {
      if (!field.args.some(({ name }) => name === 'first')) continue
      const node = supergraph.schema.getQueryType()?.getFields()[field.name]?.astNode
      const directives = node?.directives?.map(({ name }) => name.value)
      expect(directives, field.name).toContain('listSize')
    }
  })

  it('prices its own first page, and refuses pages of pages of pages', () => {
    const query = (n: number) => `{
      legacies(first: ${n}) { nodes { stories(first: ${n}) { nodes { people { name } } } } }
    }`
    const costs = { maxCost: 20_000 }
    expect(priced(query(5), {}, { supergraph, costs })).toEqual({
      cost: 1 + 5 * (1 + 1 + 5 * (1 + 10)),
      refusal: undefined,
    })
    expect(priced(query(100), {}, { supergraph, costs }).refusal).toBeDefined()
  })
})
