import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLAnswer, type GraphQLClient } from '@heirloom/testkit'
import { codeOf, given } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

const fields = `id database username roles disabled profile hasPassword lastLoginAt failedLogins
  lockedUntil version`
const written = `__typename ... on DatabaseUserPayload { user { ${fields} } }
  ... on DatabaseUserChanged { code current { id username version } }`
const hash = 'argon2id$not-for-anybody'

interface Written {
  readonly __typename: string
  readonly user: { readonly id: string; readonly version: number }
}

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

function create(
  input: Record<string, unknown>,
  client = gql,
): Promise<GraphQLAnswer<{ createDatabaseUser: Written }>> {
  return client(
    `mutation ($input: CreateDatabaseUserInput!) { createDatabaseUser(input: $input) { ${written} } }`,
    { input: { database: 'default', ...input } },
  )
}

function update(
  input: Record<string, unknown>,
  client = gql,
): Promise<GraphQLAnswer<{ updateDatabaseUser: Written }>> {
  return client(
    `mutation ($input: UpdateDatabaseUserInput!) { updateDatabaseUser(input: $input) { ${written} } }`,
    { input: { database: 'default', ...input } },
  )
}

function login(
  input: Record<string, unknown>,
  client = gql,
): Promise<GraphQLAnswer<{ recordDatabaseLogin: { failedLogins: number } }>> {
  return client(
    `mutation ($input: RecordDatabaseLoginInput!) { recordDatabaseLogin(input: $input) {
      lastLoginAt failedLogins lockedUntil } }`,
    { input: { database: 'default', ...input } },
  )
}

function find(
  by: { readonly userId: string } | { readonly username: string },
  client = gql,
  database = 'default',
): Promise<GraphQLAnswer<{ user: Record<string, unknown> | null }>> {
  const field =
    'userId' in by
      ? 'databaseUser(database: $database, userId: $of)'
      : 'databaseUserByName(database: $database, username: $of)'
  const type = 'userId' in by ? 'ID!' : 'String!'
  return client(`query ($database: String!, $of: ${type}) { user: ${field} { ${fields} } }`, {
    database,
    of: 'userId' in by ? by.userId : by.username,
  })
}

describe('users of a database over GraphQL', () => {
  it('are created, found by name and by id, and changed; their hash is shown to nobody', async () => {
    const answer = await create({
      username: 'Emily',
      passwordHash: hash,
      roles: ['poet'],
      profile: { house: 'Haworth' },
    })
    const { user } = given(answer).createDatabaseUser
    expect(user).toMatchObject({
      database: 'default',
      username: 'emily',
      roles: ['poet'],
      disabled: false,
      profile: { house: 'Haworth' },
      hasPassword: true,
      failedLogins: 0,
      version: 1,
    })
    for (const by of [{ userId: user.id }, { username: 'EMILY' }]) {
      expect(given(await find(by)).user).toEqual(user)
    }
    const changed = given(
      await update({ userId: user.id, roles: ['poet', 'novelist'], expectedVersion: 1 }),
    ).updateDatabaseUser
    expect(changed.user).toMatchObject({
      roles: ['poet', 'novelist'],
      hasPassword: true,
      profile: { house: 'Haworth' },
      version: 2,
    })
    // Null removes a hash, and is as good as not given everywhere else.
    const without = given(
      await update({ userId: user.id, passwordHash: null, roles: null, profile: null }),
    ).updateDatabaseUser
    expect(without.user).toMatchObject({ hasPassword: false, roles: ['poet', 'novelist'] })
    expect(JSON.stringify([answer, changed, without])).not.toContain(hash)
  })

  it('that are not as expected are a result, and not an error', async () => {
    const { user } = given(await create({ username: 'anne' })).createDatabaseUser
    const changed = {
      __typename: 'DatabaseUserChanged',
      code: 'CONFLICT',
      current: { id: user.id, username: 'anne', version: 1 },
    }
    expect(given(await create({ username: 'ANNE' })).createDatabaseUser).toEqual(changed)
    expect(
      given(await update({ userId: user.id, disabled: true, expectedVersion: 7 }))
        .updateDatabaseUser,
    ).toEqual(changed)
    expect(codeOf(await update({ userId: 'default:nobody', disabled: true }))).toBe('NOT_FOUND')
  })

  it('are counted when they fail to sign in, locked in the same step, and forgiven', async () => {
    const { user } = given(await create({ username: 'branwell' })).createDatabaseUser
    const lockUntil = '2036-01-01T00:00:00.000Z'
    const failure = { userId: user.id, succeeded: false, lockAfterFailures: 3, lockUntil }
    await Promise.all([login(failure), login(failure)])
    expect(given(await find({ userId: user.id })).user).toMatchObject({
      failedLogins: 2,
      lockedUntil: null,
    })
    expect(given(await login(failure)).recordDatabaseLogin).toMatchObject({
      failedLogins: 3,
      lockedUntil: lockUntil,
    })
    expect(given(await login({ userId: user.id, succeeded: true })).recordDatabaseLogin).toEqual({
      lastLoginAt: expect.any(String),
      failedLogins: 0,
      lockedUntil: null,
    })
    expect(codeOf(await login({ ...failure, lockUntil: null }))).toBe('INVALID_INPUT')
    expect(codeOf(await login({ ...failure, lockAfterFailures: 0 }))).toBe('INVALID_INPUT')
  })

  it('are listed page by page, by name', async () => {
    const names = ['anne', 'branwell', 'charlotte', 'emily', 'patrick']
    for (const username of names.toReversed()) given(await create({ username }))
    interface Listed {
      databaseUsers: {
        nodes: { username: string }[]
        pageInfo: { endCursor: string | null; hasNextPage: boolean }
      }
    }
    const list = `query ($after: String) { databaseUsers(database: "default", first: 2, after: $after) {
      nodes { username } pageInfo { endCursor hasNextPage } } }`
    const seen: string[] = []
    let after: string | null = null
    do {
      const { databaseUsers }: Listed = given(await gql<Listed>(list, { after }))
      seen.push(...databaseUsers.nodes.map(({ username }) => username))
      after = databaseUsers.pageInfo.endCursor
    } while (after !== null)
    expect(seen).toEqual(names)
    const { databaseUsers: first } = given(await gql<Listed>(list))
    const other = await rig.main.as(testTenant())
    const foreign = await other(list, { after: first.pageInfo.endCursor })
    expect(codeOf(foreign)).toBe('CURSOR_INVALID')
  })

  it('of another tenant are not there, by any operation', async () => {
    const { user } = given(await create({ username: 'emily' })).createDatabaseUser
    const other = await rig.main.as(testTenant())
    expect(given(await find({ userId: user.id }, other)).user).toBeNull()
    expect(given(await find({ username: 'emily' }, other)).user).toBeNull()
    expect(codeOf(await update({ userId: user.id, disabled: true }, other))).toBe('NOT_FOUND')
    expect(codeOf(await login({ userId: user.id, succeeded: false }, other))).toBe('NOT_FOUND')
    const list = '{ databaseUsers(database: "default") { nodes { username } } }'
    expect(given(await other(list))).toEqual({ databaseUsers: { nodes: [] } })
    given(await create({ username: 'emily', roles: ['another'] }, other))
    expect(given(await find({ userId: user.id })).user).toMatchObject({ roles: [], version: 1 })
  })

  it('fail closed without a database, or with one that is not there', async () => {
    for (const [database, code] of [
      ['', 'INVALID_INPUT'],
      ['elsewhere', 'DATABASE_UNKNOWN'],
    ] as const) {
      expect(codeOf(await create({ database, username: 'emily' }))).toBe(code)
      expect(codeOf(await find({ username: 'emily' }, gql, database))).toBe(code)
      expect(codeOf(await login({ database, userId: 'x', succeeded: true }))).toBe(code)
    }
    expect(codeOf(await create({ username: ' emily ' }))).toBe('INVALID_INPUT')
    expect(codeOf(await create({ username: 'emily', profile: [1] }))).toBe('INVALID_INPUT')
  })

  it('are for owners alone, as revoked tokens are', async () => {
    const { user } = given(await create({ username: 'emily' })).createDatabaseUser
    for (const roles of [['editor'], ['viewer'], ['operator'], []] as const) {
      const client = await rig.main.as({ ...tenant, roles })
      const codes = [
        await find({ userId: user.id }, client),
        await find({ username: 'emily' }, client),
        await create({ username: 'anne' }, client),
        await update({ userId: user.id, disabled: true }, client),
        await login({ userId: user.id, succeeded: true }, client),
        await client('{ databaseUsers(database: "default") { nodes { id } } }'),
        await revoke('t', {}, client),
        await isRevoked('t', 0, client),
      ].map(codeOf)
      expect(new Set(codes)).toEqual(new Set(['FORBIDDEN']))
    }
  })
})

function revoke(
  tokenId: string,
  input: Record<string, unknown> = {},
  client = gql,
): Promise<GraphQLAnswer<unknown>> {
  return client(
    'mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { revokedTokenId } }',
    {
      input: { database: 'default', tokenId, expiresAt: '2036-01-01T00:00:00.000Z', ...input },
    },
  )
}

function isRevoked(
  tokenId: string,
  graceSeconds = 0,
  client = gql,
): Promise<GraphQLAnswer<{ isTokenRevoked: boolean }>> {
  return client(
    `query ($tokenId: ID!, $graceSeconds: Int) { isTokenRevoked(database: "default",
      tokenId: $tokenId, graceSeconds: $graceSeconds) }`,
    { tokenId, graceSeconds },
  )
}

describe('revoked tokens over GraphQL', () => {
  it('are known at once, with the grace that is asked for, and without', async () => {
    const known = async (...asked: Parameters<typeof isRevoked>): Promise<boolean> =>
      given(await isRevoked(...asked)).isTokenRevoked
    expect(await known('t1')).toBe(false)
    expect(given(await revoke('t1'))).toEqual({ revokeToken: { revokedTokenId: 't1' } })
    expect(await known('t1')).toBe(true)
    expect(await known('t1', 60)).toBe(false)
    given(await revoke('t1', { immediately: true }))
    expect(await known('t1', 60)).toBe(true)
    expect(await known('t2')).toBe(false)
    expect(await known('t1', 0, await rig.main.as(testTenant()))).toBe(false)
  })

  it('are asked about with a grace of some minutes at most, in a database that is there', async () => {
    expect(codeOf(await isRevoked('t1', 301))).toBe('INVALID_INPUT')
    expect(codeOf(await isRevoked('t1', -1))).toBe('INVALID_INPUT')
    expect(codeOf(await revoke('t1', { database: 'elsewhere' }))).toBe('DATABASE_UNKNOWN')
    expect(codeOf(await revoke(''))).toBe('INVALID_INPUT')
  })
})
