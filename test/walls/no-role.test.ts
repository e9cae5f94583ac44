import {
  buildClientSchema,
  getIntrospectionQuery,
  isUnionType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tenantId, type Role } from '@heirloom/tenancy'
import {
  graphqlClient,
  startSystem,
  testTenant,
  type GraphQLAnswer,
  type System,
} from '@heirloom/testkit'
import { everyOperation, selectionOf, type Operation } from '../support/operations.js'
import { rowsOf } from '../support/rows.js'
import { listedSubgraphs } from '../support/listed-subgraphs.js'
import { belongingsOf, stringsOf } from '../tenants/belongings.js'
import { byId, reachingFor, type Belongings } from '../tenants/values.js'
import { internalCallers, type InternalCallers } from './internal-callers.js'

const names = listedSubgraphs()
const denials = ['FORBIDDEN', 'NOT_FOUND', 'CURSOR_INVALID']

/** What a caller without a role may have all the same, each with its reason. */
const open: readonly string[] = [
  // Who one is oneself, from one's own token.
  'stories.viewer',
  // The name of one's own tenant.
  'stories._entities Tenant',
  // Where a page ends is where its last row stands, also one that is left out: an id, no more.
  'media.mediaAssets',
]
/** Where whoever asks is made known, as far as the token names them. */
const ofAskers = /^heirloom_(stories\.(tenant|app_user)|\w+\.audit_\w+) /

/**
 * A caller of the tenant to whom no policy permits anything: what a resolver gives him is what it
 * gives without asking. Every root field and entity of every subgraph is called, straight at the
 * subgraph and generated from its schema, so that one which is added tomorrow is called tomorrow.
 */
describe('a member without any role', () => {
  let system: System
  let callers: InternalCallers
  let their: Belongings
  let secrets: ReadonlySet<string>
  const entities = new Map<string, string>()

  beforeAll(async () => {
    system = await startSystem()
    const owner = graphqlClient(`${system.url}/graphql`, await system.token('t_haworth'))
    their = await belongingsOf(owner)
    secrets = await stringsOf(owner)
    callers = await internalCallers(system, names)
    const relationship = (await rowsOf(system.dataDir, their.tenantId))
      .find((row) => row.startsWith('heirloom_graph.relationship '))
      ?.match(/"id": "(\w+)"/)?.[1]
    entities
      .set('Tenant', their.tenantId)
      .set('User', their.authorId)
      .set('Legacy', their.legacyId)
      .set('Story', their.storyId)
      .set('Revision', their.revisionId)
      .set('Person', their.personIds[0])
      .set('Relationship', String(relationship))
      .set('MediaAsset', their.mediaId)
      .set('Plugin', their.pluginId)
  }, 120_000)
  afterAll(() => system.stop())

  const as = (tenant: string, roles: readonly Role[]) =>
    testTenant({ tenantId: tenantId(tenant), roles })

  async function operationsOf(subgraph: string): Promise<readonly Operation[]> {
    const client = callers.ask(subgraph, as('t_nobody', []))
    const { data } = await client<IntrospectionQuery>(getIntrospectionQuery())
    if (!data) throw new Error(`${subgraph} shows no schema`)
    const schema = buildClientSchema(data)
    const value = reachingFor(their, byId)
    return everyOperation(schema, (path, type) => (type === '_Any' ? {} : value(path, type)))
      .filter(({ field }) => field !== '_service')
      .flatMap((operation) =>
        operation.field === '_entities' ? entityOperations(schema) : [operation],
      )
  }

  /** One for each type: what several have under one name may differ. */
  function entityOperations(schema: GraphQLSchema): readonly Operation[] {
    const union = schema.getType('_Entity')
    return (isUnionType(union) ? union.getTypes() : []).map((type) => {
      const id = entities.get(type.name)
      if (id === undefined) throw new Error(`name one ${type.name} that this test can ask for`)
      return {
        kind: 'query',
        field: `_entities ${type.name}`,
        document: `query ($representations: [_Any!]!) {
          _entities(representations: $representations) { ... on ${selectionOf(type)} } }`,
        variables: { representations: [{ __typename: type.name, id }] },
      }
    })
  }

  /** Theirs, and not what the question itself said. */
  function leaked({ data }: GraphQLAnswer<unknown>, { variables, document }: Operation) {
    const text = JSON.stringify(data ?? null)
    const asked = JSON.stringify(variables) + document
    return [...secrets].filter((secret) => {
      const quoted = JSON.stringify(secret)
      return text.includes(quoted) && !asked.includes(quoted.slice(1, -1))
    })
  }

  it.each(names)(
    'gets nothing from %s that there would not be in an empty tenant',
    async (name) => {
      const before = await rowsBeside(their.tenantId)
      const wrong: string[] = []
      for (const operation of await operationsOf(name)) {
        if (operation.kind === 'subscription') continue
        const { kind, field, document, variables } = operation
        const path = `${name}.${field}`
        const answer = await callers.ask(name, as(their.tenantId, []))(document, variables)
        const empty = await callers.ask(name, as('t_nobody', []))(document, variables)
        const secret = leaked(answer, operation)
        if (secret.length > 0) wrong.push(`${path} tells ${secret[0]}`)
        const codes = (answer.errors ?? []).map(({ extensions }) => extensions?.code ?? '')
        if (codes.some((code) => !denials.includes(code)))
          wrong.push(`${path}: ${answer.errors?.[0]?.message}`)
        if (kind === 'mutation' && codes.length === 0) wrong.push(`${path} is not refused`)
        if (kind === 'query' && !open.includes(path) && shown(answer) !== shown(empty)) {
          wrong.push(`${path}: ${shown(answer)} beside ${shown(empty)}`)
        }
      }
      expect(wrong).toEqual([])
      expect(await rowsBeside(their.tenantId)).toEqual(before)
      expect(await rowsBeside('t_nobody')).toEqual([])
    },
    120_000,
  )

  it.each(names)(
    'is refused what an owner gets by the very same calls to %s',
    async (name) => {
      const found: string[] = []
      const queries = (await operationsOf(name)).filter(({ kind }) => kind === 'query')
      for (const operation of queries) {
        const { document, variables } = operation
        const answer = await callers.ask(name, as(their.tenantId, ['owner']))(document, variables)
        if (leaked(answer, operation).length > 0) found.push(operation.field)
      }
      expect(found.length).toBeGreaterThan(queries.length / 3)
    },
    120_000,
  )

  it.each(names)('is refused every subscription of %s', async (name) => {
    const operations = (await operationsOf(name)).filter(({ kind }) => kind === 'subscription')
    const first = (roles: readonly Role[]) =>
      Promise.all(operations.map((one) => callers.firstOf(name, as(their.tenantId, roles), one)))
    const refused = await first([])
    expect(refused.filter((code) => !denials.includes(String(code)))).toEqual([])
    // An owner is let in, and waits for what comes.
    expect(await first(['owner'])).toEqual(operations.map(() => null))
  })

  async function rowsBeside(tenant: string): Promise<readonly string[]> {
    const rows = await rowsOf(system.dataDir, tenant)
    return rows.filter((row) => !ofAskers.test(row))
  }

  /** Data and codes; not ids of requests, nor the tenant that was asked as. */
  function shown({ data, errors }: GraphQLAnswer<unknown>): string {
    const codes = (errors ?? []).map(({ extensions }) => extensions?.code)
    return JSON.stringify({ data, codes }).replaceAll('t_nobody', their.tenantId)
  }
})
