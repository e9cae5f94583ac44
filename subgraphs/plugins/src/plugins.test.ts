import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeCursor } from '@heirloom/subgraph'
import type { Role } from '@heirloom/tenancy'
import { testTenant, type GraphQLAnswer, type GraphQLClient } from '@heirloom/testkit'
import { startPluginsRig, type PluginsRig } from './testing/rig.js'

let rig: PluginsRig
beforeAll(async () => {
  rig = await startPluginsRig()
})
afterAll(() => rig.close())

interface PluginAnswer {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly baseUrl: string
  readonly capabilities: readonly string[]
  readonly status: string
  readonly createdAt: string
}

interface PluginPage {
  readonly nodes: readonly PluginAnswer[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

const fields = 'id name version baseUrl capabilities status createdAt'
const translator = {
  name: 'letter-translator',
  version: '1.4.0',
  baseUrl: 'https://translator.example.com/v1',
  capabilities: ['stories:read', 'media:read'],
}

function register(gql: GraphQLClient, overrides: Record<string, unknown> = {}) {
  return gql<{ registerPlugin: { plugin: PluginAnswer } }>(
    `mutation ($input: RegisterPluginInput!) { registerPlugin(input: $input) { plugin { ${fields} } } }`,
    { input: { ...translator, ...overrides } },
  )
}

async function registered(gql: GraphQLClient, overrides: Record<string, unknown> = {}) {
  const { data, errors } = await register(gql, overrides)
  if (data === null || data === undefined) throw new Error(JSON.stringify(errors))
  return data.registerPlugin.plugin
}

async function list(gql: GraphQLClient, variables: Record<string, unknown> = {}) {
  const { data, errors } = await gql<{ plugins: PluginPage }>(
    `query ($first: Int, $after: String) { plugins(first: $first, after: $after) {
      nodes { ${fields} } pageInfo { endCursor hasNextPage } } }`,
    variables,
  )
  if (data === null || data === undefined) throw new Error(errors?.[0]?.extensions?.code)
  return data.plugins
}

const codeOf = (answer: GraphQLAnswer<unknown>) => answer.errors?.[0]?.extensions?.code

describe('a plugin', () => {
  it('is registered by an owner, then found by id, in the list and as an entity', async () => {
    const gql = await rig.as(testTenant())
    const plugin = await registered(gql)
    expect(plugin).toMatchObject({ ...translator, status: 'REGISTERED' })

    const answer = await gql(
      `query ($id: ID!, $of: [_Any!]!) { plugin(id: $id) { name }
        _entities(representations: $of) { ... on Plugin { version } } }`,
      { id: plugin.id, of: [{ __typename: 'Plugin', id: plugin.id }] },
    )
    expect(answer.data).toEqual({
      plugin: { name: translator.name },
      _entities: [{ version: '1.4.0' }],
    })
    expect((await list(gql)).nodes).toEqual([plugin])
  })

  it('keeps its id when a new version is registered, and loses what the old one was granted', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const first = await registered(gql)
    await rig.enableAll(tenant)

    expect(await registered(gql)).toEqual({ ...first, status: 'ENABLED' })
    expect(await registered(gql, { version: '1.5.0' })).toEqual({ ...first, version: '1.5.0' })
    await rig.enableAll(tenant)
    const wider = { version: '1.5.0', capabilities: ['stories:write'] }
    expect(await registered(gql, wider)).toMatchObject({ id: first.id, status: 'REGISTERED' })
    expect(await rig.rows(tenant)).toHaveLength(1)
  })

  it('is one plugin when it is registered many times at once', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3']
    const plugins = await Promise.all(versions.map((version) => registered(gql, { version })))
    expect(new Set(plugins.map(({ id }) => id)).size).toBe(1)
    expect(await rig.rows(tenant)).toHaveLength(1)
  })

  it('lists each capability once', async () => {
    const gql = await rig.as(testTenant())
    const plugin = await registered(gql, { capabilities: ['a:b', 'c:d', 'a:b'] })
    expect(plugin.capabilities).toEqual(['a:b', 'c:d'])
  })
})

describe('a registration', () => {
  it.each([
    ['an empty name', { name: '' }],
    ['capitals in the name', { name: 'Translator' }],
    ['a hyphen at the end', { name: 'translator-' }],
    ['a name of 64 characters', { name: 'a'.repeat(64) }],
    ['a version that is none', { version: 'latest' }],
    ['two numbers as a version', { version: '1.4' }],
    ['a leading zero', { version: '01.4.0' }],
    ['a capability without a colon', { capabilities: ['everything'] }],
    ['a wildcard capability', { capabilities: ['stories:*'] }],
    ['too many capabilities', { capabilities: Array.from({ length: 51 }, (_, i) => `a:b${i}`) }],
    ['no address', { baseUrl: 'translator' }],
    ['a file', { baseUrl: 'file:///etc/passwd' }],
    ['credentials', { baseUrl: 'https://me:secret@translator.example.com' }],
    ['a query', { baseUrl: 'https://translator.example.com/?to=' }],
    ['an empty fragment', { baseUrl: 'https://translator.example.com/#' }],
    ['an address too long', { baseUrl: `https://translator.example.com/${'a'.repeat(2048)}` }],
    ['a plain connection', { baseUrl: 'http://translator.example.com' }],
    ['the machine itself', { baseUrl: 'https://localhost:4101/graphql' }],
    ["the cloud's metadata", { baseUrl: 'https://169.254.169.254/latest/meta-data/' }],
    ['a private address', { baseUrl: 'https://10.0.0.7' }],
  ])('with %s is refused and stores nothing', async (_title, bad) => {
    const tenant = testTenant()
    expect(codeOf(await register(await rig.as(tenant), bad))).toBe('INVALID_INPUT')
    expect(await rig.rows(tenant)).toEqual([])
  })

  it.each(['saas', 'enterprise', 'system'] as const)(
    'refuses loopback in mode %s',
    async (mode) => {
      const gql = await rig.as(testTenant({ mode }))
      expect(codeOf(await register(gql, { baseUrl: 'https://127.0.0.1:9000' }))).toBe(
        'INVALID_INPUT',
      )
    },
  )

  it('takes loopback in the lab', async () => {
    const gql = await rig.as(testTenant({ mode: 'lab' }))
    const plugin = await registered(gql, { baseUrl: 'http://127.0.0.1:9000' })
    expect(plugin.baseUrl).toBe('http://127.0.0.1:9000/')
  })

  it.each([['editor'], ['contributor'], ['viewer'], ['operator']] as const)(
    'by a %s is forbidden and stores nothing',
    async (role: Role) => {
      const tenant = testTenant({ roles: [role] })
      expect(codeOf(await register(await rig.as(tenant)))).toBe('FORBIDDEN')
      expect(await rig.rows(tenant)).toEqual([])
    },
  )
})

describe('the list of plugins', () => {
  it('comes in pages, oldest first, each once', async () => {
    const gql = await rig.as(testTenant())
    const ids: string[] = []
    for (const name of ['c', 'a', 'b']) ids.push((await registered(gql, { name })).id)
    const first = await list(gql, { first: 2 })
    const rest = await list(gql, { first: 2, after: first.pageInfo.endCursor })
    expect([...first.nodes, ...rest.nodes].map(({ id }) => id)).toEqual(ids)
    expect([first, rest].map((page) => page.pageInfo.hasNextPage)).toEqual([true, false])
  })

  it.each([
    [{ first: 0 }, 'INVALID_INPUT'],
    [{ after: 'nonsense' }, 'CURSOR_INVALID'],
    [{ after: encodeCursor('\0') }, 'CURSOR_INVALID'],
  ])('refuses %j', async (args, code) => {
    await expect(list(await rig.as(testTenant()), args)).rejects.toThrow(code)
  })

  it('is empty for a member who may not see where plugins run', async () => {
    const tenant = testTenant()
    const plugin = await registered(await rig.as(tenant))
    const viewer = await rig.as({ ...tenant, roles: ['viewer'] })
    expect((await list(viewer)).nodes).toEqual([])
    const answer = await viewer('query ($id: ID!) { plugin(id: $id) { id } }', { id: plugin.id })
    expect(answer.data).toEqual({ plugin: null })
    expect((await list(await rig.as({ ...tenant, roles: ['editor'] }))).nodes).toHaveLength(1)
  })
})

describe('another tenant', () => {
  it('gets nothing of this plugin, by any path, and may use its name', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const plugin = await registered(gql)
    await registered(gql, { name: 'second' })
    const after = (await list(gql, { first: 1 })).pageInfo.endCursor
    const before = await rig.rows(tenant)

    const stranger = testTenant({ roles: ['owner', 'operator'] })
    const strange = await rig.as(stranger)
    expect((await list(strange)).nodes).toEqual([])
    expect((await list(strange, { after })).nodes).toEqual([])
    const answer = await strange(
      `query ($id: ID!, $of: [_Any!]!) { plugin(id: $id) { id }
        _entities(representations: $of) { ... on Plugin { id } } }`,
      { id: plugin.id, of: [{ __typename: 'Plugin', id: plugin.id }] },
    )
    expect(answer.data).toEqual({ plugin: null, _entities: [null] })

    const own = await registered(strange, { version: '9.9.9' })
    expect(own.id).not.toBe(plugin.id)
    expect(await rig.rows(tenant)).toEqual(before)
  })
})

describe('the door', () => {
  it('answers 401 to no token, an expired one and a forged one', async () => {
    const tenant = testTenant()
    const expired = await rig.token(tenant, () => Date.now() - 120_000)
    const forged = `${(await rig.token(tenant)).split('.').slice(0, 2).join('.')}.AAAA`
    const answers = await Promise.all(
      ['', `Bearer ${expired}`, `Bearer ${forged}`].map(async (authorization) => {
        const response = await fetch(rig.url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization },
          body: JSON.stringify({ query: '{ __typename }' }),
        })
        const body = (await response.json()) as { error: { code: string } }
        return [response.status, body.error.code]
      }),
    )
    expect(answers).toEqual([
      [401, 'UNAUTHENTICATED'],
      [401, 'TOKEN_EXPIRED'],
      [401, 'TOKEN_INVALID'],
    ])
  })

  it.each(['', '\0', 'x'.repeat(5_000), "'; drop table plugin --"])(
    'finds no plugin by an id that cannot be one',
    async (id) => {
      const gql = await rig.as(testTenant())
      const answer = await gql('query ($id: ID!) { plugin(id: $id) { id } }', { id })
      expect(answer).toMatchObject({ data: { plugin: null }, errors: undefined })
    },
  )
})
