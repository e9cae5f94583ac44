import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { isPlanNode } from '@apollo/query-planner'
import { getOperationAST, getVariableValues, parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testKeys, testLogger, testTenant } from '@heirloom/testkit'
import type { SubgraphServer } from '@heirloom/subgraph'
import { disableVendorTelemetry } from '../config.js'
import { EventLog } from '../testing/event-log.js'
import { createTestSubgraph, testAsks, testSupergraph } from '../testing/subgraphs.js'
import { createCallerFactory, type CreateCaller } from './caller.js'
import { createDataSource, type GatewayContext } from './data-source.js'
import { createPlanInterpreter } from './execute-plan.js'
import { createPlanner } from './planner.js'
import { shapeResult } from './shape-result.js'
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'
import type { FetchSubgraph, SubgraphRequest } from './subgraph-request.js'
import { buildSupergraph } from './supergraph.js'

// The reference is Apollo's own executor over the same subgraphs: whatever it answers, we answer.

const supergraph = buildSupergraph(testSupergraph())
const plan = createPlanner(supergraph)
const tenant = testTenant()
let createCaller: CreateCaller
let subgraphs: SubgraphServer[]
let client: SubgraphClient
let apollo: ApolloServer<GatewayContext>

beforeAll(async () => {
  disableVendorTelemetry()
  const keys = await testKeys()
  createCaller = createCallerFactory(keys.signingKey, testAsks)
  const verifier = (name: string) => keys.verifier(name)
  const log = new EventLog()
  const logger = testLogger()
  const urls = new Map<string, string>()
  subgraphs = []
  for (const name of ['library', 'people', 'log'] as const) {
    const server = createTestSubgraph(name, { verifier, logger, log })
    urls.set(name, `${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`)
    subgraphs.push(server)
  }
  client = createSubgraphClient({ urls, logger })
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph.sdl,
    buildService: ({ name }): GraphQLDataSource<GatewayContext> =>
      createDataSource(name, client.fetch),
  })
  apollo = new ApolloServer<GatewayContext>({
    gateway,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  await apollo.start()
})

afterAll(async () => {
  await apollo.stop()
  await client.close()
  await Promise.all(subgraphs.map((server) => server.close()))
})

async function interpreted(
  query: string,
  variables: Record<string, unknown> = {},
  fetch: FetchSubgraph = client.fetch,
) {
  const document = parse(query)
  const operation = getOperationAST(document)
  const { coerced = {} } = getVariableValues(
    supergraph.apiSchema,
    operation?.variableDefinitions ?? [],
    variables,
  )
  const { node } = plan(document)
  const data = {}
  const [errors = []] = await createPlanInterpreter(supergraph.schema, fetch)(
    isPlanNode(node) ? node : undefined,
    { roots: [data], variables: coerced, caller: createCaller(tenant) },
  )
  return shapeResult({ schema: supergraph.apiSchema, document, variables, data, errors })
}

async function reference(query: string, variables: Record<string, unknown> = {}) {
  const { body } = await apollo.executeOperation(
    { query, variables },
    { contextValue: { caller: createCaller(tenant) } },
  )
  if (body.kind !== 'single') throw new Error('unreachable')
  return body.singleResult
}

type Case = [what: string, query: string, variables?: Record<string, unknown>]

const queries: readonly Case[] = [
  ['one subgraph', '{ books { id title } }'],
  ['two subgraphs', '{ books { title author { name } } }'],
  [
    'lists in lists',
    '{ books { shelves { name keeper { name friends { name friends { id } } } } } }',
  ],
  ['a field that requires another', '{ books { postage } }'],
  ['a required field that is asked for too', '{ books { weight postage } }'],
  ['arguments and variables', 'query Q($n: Int = 2) { books { readers(first: $n) { name } } }'],
  ['given variables', 'query Q($id: ID!) { book(id: $id) { author { name } } }', { id: 'b2' }],
  ['what is not there', '{ book(id: "nothing") { author { name } } }'],
  ['a reference that leads nowhere', '{ book(id: "b4") { title author { name } } }'],
  [
    'aliases',
    '{ a: book(id: "b1") { t: title x: author { n: name } } b: book(id: "b2") { t: title } }',
  ],
  [
    'fragments',
    '{ books { ...B author { ...A } } } fragment B on Book { title postage } fragment A on Author { name }',
  ],
  [
    'an interface',
    '{ a: media(id: "b1") { ...M } b: media(id: "f1") { ...M } } fragment M on Media { id title ... on Book { postage author { name } } ... on Film { minutes } }',
  ],
  [
    'type names',
    '{ __typename media(id: "f1") { __typename } books { kind: __typename author { __typename name } } }',
  ],
  [
    'what is included',
    'query Q($yes: Boolean!) { books { author @include(if: $yes) { name } postage @skip(if: $yes) } }',
    { yes: true },
  ],
  [
    'what is skipped',
    'query Q($yes: Boolean!) { books { author @include(if: $yes) { name } postage @skip(if: $yes) } }',
    { yes: false },
  ],
  ['introspection', '{ __schema { queryType { name } } __type(name: "Book") { fields { name } } }'],
  [
    'several roots',
    '{ books { id } author(id: "a1") { name friends { name } } whoami { tenant } }',
  ],
  [
    'mutations in their order',
    'mutation { a: rename(id: "b2", title: "X") { title author { name } } b: rename(id: "b2", title: "Agnes Grey") { title } }',
  ],
]

describe('interpreting a plan', () => {
  const cases = queries.map(([what, query, variables = {}]) => [what, query, variables] as const)
  it.each(cases)('gives what the reference gives: %s', async (_what, query, variables) => {
    const expected = await reference(query, variables)
    expect(expected.errors).toBeUndefined()
    const actual = await interpreted(query, variables)
    expect(JSON.parse(JSON.stringify(actual.data))).toEqual(
      JSON.parse(JSON.stringify(expected.data)),
    )
    expect(actual.errors).toBeUndefined()
  })

  it.each([
    ['of a root field', '{ conflict books { id } }'],
    ['of an entity', '{ books { title author { grumpy } } }'],
    ['of an entity in lists', '{ books { shelves { keeper { grumpy } } } }'],
  ])('reports errors where the reference does: %s', async (_what, query) => {
    const expected = await reference(query)
    const actual = await interpreted(query)
    expect(JSON.parse(JSON.stringify(actual.data))).toEqual(
      JSON.parse(JSON.stringify(expected.data)),
    )
    const paths = expected.errors?.map(({ path }) => path)
    expect(paths?.length).toBeGreaterThan(0)
    expect(actual.errors?.[0]?.path).toEqual(paths?.[0])
  })

  it('asks for each entity once, however often it is referred to', async () => {
    const sent: SubgraphRequest[] = []
    await interpreted('{ books { shelves { keeper { name } } } }', {}, (request) => {
      sent.push(request)
      return client.fetch(request)
    })
    const { representations } = sent.find(({ subgraph }) => subgraph === 'people')?.variables ?? {}
    expect(representations).toEqual([
      { __typename: 'Author', id: 'a1' },
      { __typename: 'Author', id: 'a2' },
    ])
  })

  it('refuses a plan that it does not understand before anything is sent', async () => {
    let sent = 0
    const run = createPlanInterpreter(supergraph.schema, () => {
      sent += 1
      return Promise.resolve({ data: {} })
    })
    const fetch = {
      kind: 'Fetch',
      serviceName: 'library',
      operation: '{ books { id } }',
      operationName: undefined,
      operationKind: 'query',
    } as const
    const defer = { kind: 'Defer', primary: {}, deferred: [] } as const
    const unknown = { kind: 'Sequence', nodes: [fetch, defer] } as unknown as Parameters<
      typeof run
    >[0]
    const given = { roots: [{}], variables: {}, caller: createCaller(tenant) }
    await expect(run(unknown, given)).rejects.toThrow('@defer')
    expect(sent).toBe(0)
  })

  it('takes nonsense from a subgraph for no answer', async () => {
    for (const data of [undefined, null, { _entities: 7 }, { _entities: [7, null] }]) {
      const result = await interpreted('{ books { title author { name } } }', {}, (request) =>
        request.subgraph === 'people' ? Promise.resolve({ data }) : client.fetch(request),
      )
      expect(result.errors).toBeUndefined()
      expect(result.data?.['books']).toMatchObject([
        { title: 'Jane Eyre', author: null },
        {},
        {},
        {},
      ])
    }
  })

  it('keeps a key called __proto__ from reaching any prototype', async () => {
    const hostile = JSON.parse('{"books":[{"title":"t","__proto__":{"polluted":true}}]}') as object
    await interpreted('{ books { title } }', {}, () => Promise.resolve({ data: { ...hostile } }))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})
