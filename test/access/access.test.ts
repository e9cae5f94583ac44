import { execFile } from 'node:child_process'
import { execPath } from 'node:process'
import { promisify } from 'node:util'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  eventually,
  graphqlClient,
  startSystem,
  type GraphQLClient,
  type System,
} from '@heirloom/testkit'
import { root } from '../support/repository.js'
import { tokenWith } from '../support/token-with.js'

const tenant = 't_haworth'
/** Within which a change of somebody's role reaches all that they do. */
const boundMs = 2_000

const everything = `query ($legacyId: ID!) {
  legacies { nodes { id } }
  stories(first: 100) { nodes { id } }
  people(first: 100, legacyId: $legacyId) { nodes { id } }
  mediaAssets(first: 100) { nodes { id } }
  searchStories(query: "parsonage") { totalCount }
}`

interface Everything {
  readonly legacies: { readonly nodes: readonly object[] }
  readonly stories: { readonly nodes: readonly object[] }
  readonly people: { readonly nodes: readonly object[] }
  readonly mediaAssets: { readonly nodes: readonly object[] }
  readonly searchStories: { readonly totalCount: number }
}

describe('a role on a legacy', () => {
  let system: System
  let owner: GraphQLClient
  let legacyId: string

  beforeAll(async () => {
    system = await startSystem()
    owner = graphqlClient(`${system.url}/graphql`, await system.token(tenant))
    const { data } = await owner<{ legacies: { nodes: { id: string }[] } }>(
      '{ legacies { nodes { id } } }',
    )
    legacyId = data?.legacies.nodes[0]?.id ?? ''
  }, 120_000)
  afterAll(() => system.stop())

  /** Somebody whom the provider knows, and gives no role. */
  async function guest(name: string, of = tenant) {
    const claims = {
      sub: name,
      name,
      roles: [],
      email: `${name}@example.org`,
      email_verified: true,
    }
    const token = await tokenWith(system, of, claims)
    const gql = graphqlClient(`${system.url}/graphql`, token)
    expect((await gql('{ viewer { user { id } } }')).errors).toBeUndefined()
    return { id: name, token, gql }
  }
  const sees = async (gql: GraphQLClient) => {
    const { data } = await gql<Everything>(everything, { legacyId })
    return [
      data?.legacies.nodes.length ?? 0,
      data?.stories.nodes.length ?? 0,
      data?.people.nodes.length ?? 0,
      data?.mediaAssets.nodes.length ?? 0,
      data?.searchStories.totalCount ?? 0,
    ]
  }
  const setRole = async (userId: string, role: string) => {
    const document = `mutation ($input: SetRoleInput!) { setRole(input: $input) { grant { role } } }`
    const { errors } = await owner(document, { input: { userId, role, scope: { legacyId } } })
    expect(errors).toBeUndefined()
  }
  const removeRole = async (userId: string) => {
    const document = `mutation ($input: RemoveRoleInput!) { removeRole(input: $input) { removed } }`
    const { data } = await owner(document, { input: { userId, scope: { legacyId } } })
    expect(data).toEqual({ removeRole: { removed: true } })
  }
  /** How long it takes until it is so. */
  const takesMs = async (isSo: () => Promise<boolean>): Promise<number> => {
    const startedAt = Date.now()
    await eventually(isSo)
    return Date.now() - startedAt
  }

  it('opens what every subgraph has of it, within the bound, and closes it again', async () => {
    const { id, gql } = await guest('ada')
    expect(await sees(gql)).toEqual([0, 0, 0, 0, 0])
    await setRole(id, 'VIEWER')
    expect(await takesMs(async () => (await sees(gql)).every((count) => count > 0))).toBeLessThan(
      boundMs,
    )
    await removeRole(id)
    expect(await takesMs(async () => (await sees(gql)).every((count) => count === 0))).toBeLessThan(
      boundMs,
    )
  })

  it('ends an open subscription within the bound once it is taken', async () => {
    const { id, token, gql } = await guest('bob')
    await setRole(id, 'VIEWER')
    await eventually(async () => ((await sees(gql))[0] ?? 0) > 0)
    const heard: unknown[] = []
    const closed = new Promise<{ code: number; reason: string; atMs: number }>((resolve) => {
      const client = createClient({
        url: `${system.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        retryAttempts: 0,
        on: {
          closed: (event) => resolve({ ...readClose(event), atMs: Date.now() }),
        },
      })
      client.subscribe(
        {
          query: 'subscription ($id: ID!) { timeline(legacyId: $id) { type } }',
          variables: { id: legacyId },
        },
        { next: (event) => heard.push(event), error: () => undefined, complete: () => undefined },
      )
    })
    await eventually(async () => {
      const input = { legacyId, title: 'Heard', body: 'By those who may.' }
      await publish(input)
      return heard.length > 0
    })
    const takenAtMs = Date.now()
    await removeRole(id)
    const { code, reason, atMs } = await closed
    expect([code, reason]).toEqual([4403, expect.stringContaining('FORBIDDEN')])
    expect(atMs - takenAtMs).toBeLessThan(boundMs)
  })

  it('comes by invitation, to whoever it was sent to and in their tenant alone', async () => {
    const document = `mutation ($input: InviteInput!) { inviteMember(input: $input) { secret } }`
    const input = { email: 'carl@example.org', role: 'EDITOR', scope: { legacyId } }
    const { data } = await owner<{ inviteMember: { secret: string } }>(document, { input })
    const accept = async (gql: GraphQLClient) => {
      const { errors } = await gql(
        `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { grant { role } } }`,
        { input: { secret: data?.inviteMember.secret } },
      )
      return errors?.[0]?.extensions?.code
    }
    expect(await accept((await guest('dora')).gql)).toBe('NOT_FOUND')
    expect(await accept((await guest('carl', 't_downe')).gql)).toBe('NOT_FOUND')
    const carl = await guest('carl')
    expect(await accept(carl.gql)).toBeUndefined()
    await eventually(async () => ((await sees(carl.gql))[1] ?? 0) > 0)
    expect(await accept(carl.gql)).toBe('INVITATION_USED')
  })

  it('is explained on the command line, with the facts and policies that decide', async () => {
    const { id, gql } = await guest('emil')
    await setRole(id, 'VIEWER')
    await eventually(async () => ((await sees(gql))[1] ?? 0) > 0)
    const { data } = await gql<{ stories: { nodes: { id: string }[] } }>(
      '{ stories(first: 1) { nodes { id } } }',
    )
    const storyId = data?.stories.nodes[0]?.id ?? ''
    const explained = JSON.parse(await explain('--story', storyId, '--json')) as {
      allowed: boolean
      policies: { id: string }[]
    }
    expect(explained.allowed).toBe(true)
    expect(explained.policies.map((policy) => policy.id)).toEqual([
      'legacy-members-read-published-stories',
    ])
    const denied = await explain('--story', storyId, '--action', 'story:update')
    expect(denied).toMatch(/^denied: no policy permits it\n/)
    expect(denied).toMatch(/legacy\.role +viewer\n/)
    expect(denied).toContain('legacy-editors-edit: ')
    await expect(explain()).rejects.toThrow('give either --story or --legacy')

    async function explain(...more: readonly string[]): Promise<string> {
      const from = ['--tenant', tenant, '--data-dir', system.dataDir]
      const command = ['packages/cli/dist/main.js', 'authz', 'explain', id, ...more, ...from]
      const { stdout } = await promisify(execFile)(execPath, command, { cwd: root })
      return stdout
    }
  })

  async function publish(input: object): Promise<void> {
    const { data } = await owner<{ createStory: { story: { id: string; revision: number } } }>(
      `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id revision } } }`,
      { input },
    )
    const { id, revision } = data?.createStory.story ?? { id: '', revision: 0 }
    await owner(
      `mutation ($input: PublishStoryInput!) { publishStory(input: $input) { __typename } }`,
      { input: { id, expectedRevision: revision } },
    )
  }
})

function readClose(event: unknown): { readonly code: number; readonly reason: string } {
  const { code, reason } = event as { code: number; reason: string }
  return { code, reason }
}
