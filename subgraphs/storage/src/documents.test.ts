import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLAnswer, type GraphQLClient } from '@heirloom/testkit'
import { codeOf, given } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

const fields = 'database path collection id version data'
const written = `__typename ... on DocumentPayload { document { ${fields} } }
  ... on DocumentChanged { code current { version data } }`

describe('documents over GraphQL', () => {
  let rig: StorageRig
  let tenant: TenantContext
  let gql: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig()
  })
  beforeEach(async () => {
    tenant = testTenant()
    gql = await rig.main.as(tenant)
  })
  afterAll(() => rig.close())

  function write(
    mutation: 'createDocument' | 'updateDocument' | 'patchDocument',
    input: Record<string, unknown>,
    client = gql,
  ): Promise<GraphQLAnswer<Record<string, unknown>>> {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`
    return client(`mutation ($input: ${type}!) { ${mutation}(input: $input) { ${written} } }`, {
      input: { database: 'default', path: 'people/emily', ...input },
    })
  }

  function read(path: string, client = gql, database = 'default'): Promise<GraphQLAnswer<unknown>> {
    return client(
      `query ($database: String!, $path: ID!) {
        document(database: $database, path: $path) { ${fields} } }`,
      { database, path },
    )
  }

  it('are created, read, updated, patched and deleted', async () => {
    const document = {
      database: 'default',
      path: 'people/emily',
      collection: 'people',
      id: 'emily',
      version: 1,
      data: { name: 'Emily', of: { house: 'Haworth' } },
    }
    expect(given(await write('createDocument', { data: document.data }))).toEqual({
      createDocument: { __typename: 'DocumentPayload', document },
    })
    expect(given(await read('people/emily'))).toEqual({ document })
    expect(
      given(await write('patchDocument', { patch: { name: null, of: { born: 1818 } } })),
    ).toMatchObject({
      patchDocument: { document: { version: 2, data: { of: { house: 'Haworth', born: 1818 } } } },
    })
    expect(given(await write('updateDocument', { data: { name: 'Ellis Bell' } }))).toMatchObject({
      updateDocument: { document: { version: 3, data: { name: 'Ellis Bell' } } },
    })
    const deletion = `mutation ($version: Int) { deleteDocument(input: { database: "default",
      path: "people/emily", expectedVersion: $version }) { __typename
        ... on DeleteDocumentPayload { deletedPath }
        ... on DocumentChanged { current { version } } } }`
    expect(given(await gql(deletion, { version: 2 }))).toEqual({
      deleteDocument: { __typename: 'DocumentChanged', current: { version: 3 } },
    })
    expect(given(await gql(deletion, { version: 3 }))).toMatchObject({
      deleteDocument: { deletedPath: 'people/emily' },
    })
    expect(given(await read('people/emily'))).toEqual({ document: null })
    expect(codeOf(await write('patchDocument', { patch: {} }))).toBe('NOT_FOUND')
  })

  it('that are not as expected are a result, and not an error', async () => {
    given(await write('createDocument', { data: { n: 1 } }))
    const changed = {
      __typename: 'DocumentChanged',
      code: 'CONFLICT',
      current: { version: 1, data: { n: 1 } },
    }
    expect(given(await write('createDocument', { data: { n: 2 } }))).toEqual({
      createDocument: changed,
    })
    expect(given(await write('updateDocument', { data: {}, expectedVersion: 7 }))).toEqual({
      updateDocument: changed,
    })
    expect(given(await write('patchDocument', { patch: {}, expectedVersion: 7 }))).toEqual({
      patchDocument: changed,
    })
  })

  it('of another tenant are not there, by any operation', async () => {
    given(await write('createDocument', { data: { secret: 'mine' } }))
    const other = await rig.main.as(testTenant())
    expect(given(await read('people/emily', other))).toEqual({ document: null })
    for (const mutation of ['updateDocument', 'patchDocument'] as const) {
      const input = { [mutation === 'updateDocument' ? 'data' : 'patch']: {} }
      expect(codeOf(await write(mutation, input, other))).toBe('NOT_FOUND')
    }
    const list = '{ documents(database: "default", collection: "people") { nodes { id } } }'
    expect(given(await other(list))).toEqual({ documents: { nodes: [] } })
    expect(given(await gql(list))).toEqual({ documents: { nodes: [{ id: 'emily' }] } })
  })

  it('fail closed without a database, or with one that is not there', async () => {
    expect(codeOf(await read('people/emily', gql, ''))).toBe('INVALID_INPUT')
    expect(codeOf(await read('people/emily', gql, 'elsewhere'))).toBe('DATABASE_UNKNOWN')
    const input = { database: 'elsewhere', data: {} }
    expect(codeOf(await write('createDocument', input))).toBe('DATABASE_UNKNOWN')
    for (const path of ['people', 'people/a/letters', '', 'people/', '1people/a']) {
      expect(codeOf(await read(path))).toBe('INVALID_INPUT')
    }
    expect(codeOf(await write('createDocument', { data: [1] }))).toBe('INVALID_INPUT')
  })

  it('are listed page by page; what filters names the index that it needs', async () => {
    const ids = ['anne', 'branwell', 'charlotte', 'emily', 'patrick']
    for (const id of ids) {
      given(await write('createDocument', { path: `family/${id}`, data: { id } }))
    }
    const list = `query ($after: String, $where: [DocumentFilterInput!]) {
      documents(database: "default", collection: "family", first: 2, after: $after, where: $where) {
        nodes { id } pageInfo { endCursor hasNextPage } } }`
    interface Listed {
      documents: {
        nodes: { id: string }[]
        pageInfo: { endCursor: string | null; hasNextPage: boolean }
      }
    }
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: Listed = given(await gql<Listed>(list, { after }))
      seen.push(...page.documents.nodes.map(({ id }) => id))
      after = page.documents.pageInfo.endCursor
    } while (after !== null)
    expect(seen.toSorted()).toEqual(ids)

    const where = [{ field: 'name', value: 'Emily' }]
    const { errors } = await gql(list, { where })
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INDEX_REQUIRED' })
    expect(errors?.[0]?.extensions?.['details']).toHaveProperty('create')
    const tooMuch = [{ field: 'name', value: { nested: true } }]
    expect(codeOf(await gql(list, { where: tooMuch }))).toBe('INVALID_INPUT')
  })

  it('are written by contributors and above, and read by every member', async () => {
    const viewer = await rig.main.as({ ...tenant, roles: ['viewer'] })
    expect(codeOf(await write('createDocument', { data: {} }, viewer))).toBe('FORBIDDEN')
    given(await read('people/emily', viewer))
    const contributor = await rig.main.as({ ...tenant, roles: ['contributor'] })
    given(await write('createDocument', { data: {} }, contributor))
    const nobody = await rig.main.as({ ...tenant, roles: [] })
    expect(codeOf(await read('people/emily', nobody))).toBe('FORBIDDEN')
  })

  it('are watched from now, and resumed after any event', async () => {
    const subscriber = await rig.main.subscriber(tenant)
    const live = subscriber.documents('watched')
    const stranger = testTenant()
    const strangers = await rig.main.subscriber(stranger)
    const theirs = strangers.documents('watched')
    await Promise.all([live.start(), theirs.start()])
    for (const id of ['a', 'b', 'c']) {
      given(await write('createDocument', { path: `watched/${id}`, data: { id } }))
    }
    given(await write('createDocument', { path: 'unwatched/a', data: {} }))
    given(
      await gql(`mutation { deleteDocument(input: { database: "default",
        path: "watched/a" }) { __typename } }`),
    )
    const events = await live.take(4)
    expect(events).toMatchObject([
      { type: 'CREATED', path: 'watched/a', version: 1, document: { data: { id: 'a' } } },
      { type: 'CREATED', path: 'watched/b' },
      { type: 'CREATED', path: 'watched/c' },
      { type: 'DELETED', path: 'watched/a', version: 2, document: null },
    ])
    for (const [position, { cursor }] of events.slice(0, -1).entries()) {
      const rest = subscriber.documents('watched', cursor)
      expect(await rest.take(3 - position)).toEqual(events.slice(position + 1))
      await rest.end()
    }

    // The first that the stranger hears of is the stranger's own.
    const other = await rig.main.as(stranger)
    given(await write('createDocument', { path: 'watched/own', data: {} }, other))
    expect(await theirs.take(1)).toMatchObject([{ path: 'watched/own' }])
    const foreign = strangers.documents('watched', events[0]?.cursor)
    await expect(foreign.take(1)).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
    await Promise.all([subscriber.close(), strangers.close()])
  })
})
