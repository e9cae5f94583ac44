import { buildSchema, type GraphQLSchema } from 'graphql'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, type GraphQLClient, startSystem, type System } from '@heirloom/testkit'
import { everyOperation, type Operation } from '../support/operations.js'
import { rowsOf } from '../support/rows.js'
import { belongingsOf, stringsOf } from './belongings.js'
import { attempts, byId, reachingFor, storeKeys, type Belongings } from './values.js'

const listenMs = 1_500
const refusals = ['NOT_FOUND', 'FORBIDDEN', 'CURSOR_INVALID']

/** Which answer with numbers, positions or a yes alone, or with nothing where nothing moves. */
const withoutSecrets = [
  'access',
  'accessVersion',
  'budgetHistory',
  'budgetUsage',
  'invitations',
  'isTokenRevoked',
  'routeMigration',
  'routeMigrations',
  'timelineEnd',
  'viewer',
  'viewerAccess',
]
/**
 * The system of these tests has one backend, so its data cannot be moved: a migration to where the
 * data is already is refused, and there is none to stop. subgraphs/storage/src/migrations.test.ts
 * reaches for one that there is.
 */
const refusedToOwners = [
  'acceptInvitation: FORBIDDEN',
  'cutOverMigration: NOT_FOUND',
  'migrateRoute: INVALID_INPUT',
  'resumeMigration: NOT_FOUND',
  'retireMigration: NOT_FOUND',
  'revokeInvitation: NOT_FOUND',
  'rollBackMigration: NOT_FOUND',
  'stopMigration: NOT_FOUND',
]

/**
 * Calls every query, mutation and subscription of the supergraph as one tenant with everything
 * that another one owns. The operations are made from the schema, so a new one is covered on the
 * day that it is added.
 */
describe('two tenants', () => {
  let system: System
  let schema: GraphQLSchema
  let their: Belongings
  let theirs: GraphQLClient
  let mine: GraphQLClient
  let myToken: string
  let secrets: ReadonlySet<string>

  beforeAll(async () => {
    system = await startSystem({ env: { MAX_COST: '0' } })
    schema = buildSchema(await (await fetch(`${system.url}/schema`)).text())
    theirs = graphqlClient(`${system.url}/graphql`, await system.token('t_haworth'))
    myToken = await system.token('t_downe')
    mine = graphqlClient(`${system.url}/graphql`, myToken)
    their = await belongingsOf(theirs)
    secrets = await stringsOf(theirs)
    expect(secrets.size).toBeGreaterThan(50)
  }, 120_000)

  afterAll(() => system.stop())

  describe.each(attempts)('one reaching for the other’s things $title', (attempt) => {
    it('gets nothing from any query, and changes nothing by any mutation', async () => {
      const before = await rowsOf(system.dataDir, their.tenantId)
      expect(before.length).toBeGreaterThan(50)
      const calls = everyOperation(schema, reachingFor(their, attempt)).filter(
        ({ kind }) => kind !== 'subscription',
      )
      expect(calls.length).toBeGreaterThan(25)
      const wrong: string[] = []
      for (const call of calls) {
        const { data, errors } = await mine(call.document, call.variables)
        const told = call.field === 'audit' ? withoutOwnWords(data) : data
        expect(leaked(told), `${call.field} ${JSON.stringify(errors?.[0])}`).toEqual([])
        const codes = (errors ?? []).map(({ extensions }) => extensions?.code)
        wrong.push(
          ...codes
            .filter((code) => !refusals.includes(code ?? ''))
            .map((code) => `${call.field}: ${code} ${errors?.[0]?.message}`),
        )
      }
      // Refused for the right reason: each call was understood, and was not too much to ask.
      expect(wrong).toEqual([])
      expect(await rowsOf(system.dataDir, their.tenantId)).toEqual(before)
    }, 120_000)

    it('hears nothing from any subscription while the other one writes', async () => {
      const calls = everyOperation(schema, reachingFor(their, attempt)).filter(
        ({ kind }) => kind === 'subscription',
      )
      expect(calls.length).toBeGreaterThanOrEqual(3)
      const heard = Promise.all(calls.map(listen))
      await theirs(
        `mutation ($input: AppendEventInput!) { appendEvent(input: $input) { events { id } } }`,
        {
          input: {
            streamId: their.streamId,
            events: [{ id: `during-${attempt.title}`, type: 'Secret', data: { text: 'secret' } }],
          },
        },
      )
      const patched = await theirs(
        `mutation ($input: PatchDocumentInput!) { patchDocument(input: $input) { __typename } }`,
        { input: { database: 'default', path: storeKeys.path, patch: { at: attempt.title } } },
      )
      expect(patched.errors).toBeUndefined()
      await theirs(
        `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
        { input: { legacyId: their.legacyId, title: 'Secret while they listen', body: 'secret' } },
      )
      expect(await heard).toEqual(calls.map(() => []))
    }, 60_000)
  })

  it('are refused what is there: the owner gets it, and changes it, by the very same calls', async () => {
    const calls = everyOperation(schema, reachingFor(their, byId))
    const nothing: string[] = []
    for (const call of calls.filter(({ kind }) => kind === 'query')) {
      const { data, errors } = await theirs(call.document, call.variables)
      expect(errors, call.field).toBeUndefined()
      if (leaked(data).length === 0) nothing.push(call.field)
    }
    expect(nothing.toSorted()).toEqual(withoutSecrets)

    const changes = calls.filter(({ kind }) => kind === 'mutation')
    const removes = ({ field }: Operation): boolean => /^(delete|revoke)/.test(field)
    const removesLast = [
      ...changes.filter((call) => !removes(call)),
      ...changes.filter((call) => removes(call)),
    ]
    const refused: string[] = []
    for (const call of removesLast) {
      const { errors } = await theirs(call.document, call.variables)
      const [error] = errors ?? []
      if (error !== undefined) refused.push(`${call.field}: ${error.extensions?.code}`)
    }
    expect(refused.toSorted()).toEqual(refusedToOwners)
  }, 120_000)

  /** The audit log tells its own tenant which ids somebody of theirs reached for in vain. */
  function withoutOwnWords(data: unknown): unknown {
    const text = JSON.stringify(data, (key, value: unknown) =>
      key === 'resource' ? undefined : value,
    )
    return JSON.parse(text)
  }

  function leaked(data: unknown): readonly string[] {
    const text = JSON.stringify(data ?? null)
    return [...secrets].filter((secret) => text.includes(JSON.stringify(secret).slice(1, -1)))
  }

  /** Every event that comes within the time; to be refused, for the right reason, is silence. */
  async function listen(call: Operation): Promise<readonly unknown[]> {
    const heard: unknown[] = []
    const client = createClient({
      url: `${system.url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${myToken}` },
      retryAttempts: 0,
    })
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, listenMs)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      client.subscribe(
        { query: call.document, variables: call.variables },
        {
          next: ({ data }) => heard.push(data),
          error: (error) => {
            heard.push(...codesOf(error).filter((code) => !refusals.includes(code)))
            done()
          },
          complete: done,
        },
      )
    })
    await client.dispose()
    return heard
  }
})

/** Of the errors that a subscription ends with; what is none of ours stands for itself. */
function codesOf(error: unknown): readonly string[] {
  if (!Array.isArray(error)) return [String(error)]
  return error.map((one: { extensions?: { code?: string } }) => one.extensions?.code ?? 'none')
}
