import { rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { createAuthorizer, storyVisibility, type Authorizer } from '@heirloom/authz'
import { connectCluster, startPostgres } from '@heirloom/embedded'
import { createDatabase, migrate } from '@heirloom/postgres'
import { createStoriesSubgraph, type StoriesDatabase } from '@heirloom/stories/app'
import { migrations } from '@heirloom/stories/migrations'
import {
  createIds,
  memberRoles,
  tenantId,
  type ActorId,
  type Grants,
  type MemberRole,
  type TenantContext,
} from '@heirloom/tenancy'
import { graphqlClient, newDataDir, testKeys, testLogger } from '@heirloom/testkit'
import { interleave } from './interleaved.js'
import { benchOptions, report, type Bar } from './report.js'

// What it costs to ask who may do what: a list of 100 stories, read through the stories subgraph
// over HTTP from Postgres, beside the same subgraph with an authorizer that lets everybody do
// everything, so that its queries have no conditions either; and what single decisions cost.
const options = benchOptions()
const rounds = options.quick ? { rounds: 5, perRound: 40 } : { rounds: 40, perRound: 100 }
const newId = createIds()
const home = tenantId('t_bench')
const pageSize = 100
const legacyCount = 50

const permissive: Authorizer = { allows: () => true, require: () => undefined }
const list = `{
  stories(first: ${pageSize}) { nodes { id title status revision createdAt author { displayName } } }
}`

const closers: (() => Promise<unknown>)[] = []
const bars: Bar[] = []
console.log(`load before: ${load()}`)
try {
  await measureLists()
  measureDecisions()
} finally {
  for (const close of closers.toReversed()) await close()
}
console.log(`load after: ${load()}`)
report('auth', bars, options)

async function measureLists(): Promise<void> {
  const dataDir = await newDataDir()
  closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const server = await startPostgres({ dataDir, durable: false })
  closers.push(() => server.stop())
  const cluster = connectCluster({ port: server.port, passwords: server.passwords })
  await cluster.createDatabase('bench')
  const urls = cluster.urls('bench')
  await migrate(urls.ownerUrl, migrations)
  const keys = await testKeys()

  const serve = async (authorizer: Authorizer) => {
    const database = createDatabase<StoriesDatabase>({ url: urls.appUrl, applicationName: 'bench' })
    const subgraph = createStoriesSubgraph({
      database,
      authorizer,
      verify: keys.verifier('stories'),
      logger: testLogger(),
    })
    closers.push(
      () => database.close(),
      () => subgraph.close(),
    )
    return `${await subgraph.listen({ host: '127.0.0.1', port: 0 })}/graphql`
  }
  const asking = await serve(createAuthorizer())
  const notAsking = await serve(permissive)
  const legacies = await tell(asking, await keys.token('stories', as(['owner'])))

  for (const [name, reader] of readers(legacies)) {
    const token = await keys.token('stories', reader)
    const read = (url: string) => {
      const gql = graphqlClient(url, token)
      return async () => {
        const { data } = await gql<{ stories: { nodes: unknown[] } }>(list)
        if (data?.stories.nodes.length !== pageSize) throw new Error(`${name} reads too little`)
      }
    }
    const compared = await interleave({ asking: read(asking), not: read(notAsking) }, rounds)
    console.log(`${name}: p50 ${compared.of.asking.p50.toFixed(2)} ms`)
    bars.push({
      name: `100 stories, ${name}, to not asking (p50)`,
      value: compared.ratio('asking', 'not', 'p50'),
      unit: '×',
      goal: 1.05,
      direction: 'max',
    })
  }
}

/** Published stories in many legacies; resolves to the ids of those. */
async function tell(url: string, token: string): Promise<readonly string[]> {
  const gql = graphqlClient(url, token)
  const ids: string[] = []
  for (let n = 0; n < legacyCount; n += 1) {
    const { legacy } = await write<{ legacy: { id: string } }>(
      `mutation ($input: CreateLegacyInput!) { createLegacy(input: $input) { legacy { id } } }`,
      { title: `Legacy ${n}` },
    )
    ids.push(legacy.id)
  }
  for (let n = 0; n < pageSize * 2; n += 1) {
    const { story } = await write<{ story: { id: string; revision: number } }>(
      `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id revision } } }`,
      { legacyId: ids[n % ids.length], title: `Story ${n}`, body: 'It rained. '.repeat(100) },
    )
    await write(
      `mutation ($input: PublishStoryInput!) { publishStory(input: $input) { __typename } }`,
      { id: story.id, expectedRevision: story.revision },
    )
  }
  return ids

  async function write<Answer>(document: string, input: object): Promise<Answer> {
    const { data } = await gql<Record<string, Answer>>(document, { input })
    const [answer] = Object.values(data ?? {})
    if (answer === undefined) throw new Error('what is to be read could not be written')
    return answer
  }
}

function readers(legacies: readonly string[]): readonly (readonly [string, TenantContext])[] {
  return [
    ['an editor', as(['editor'])],
    ['a viewer', as(['viewer'])],
    ['a contributor', as(['contributor'])],
    [`a guest in ${legacies.length} legacies`, as([], grantsOn(legacies, ['viewer']))],
    ['a guest with every role', as([], grantsOn(legacies, memberRoles))],
  ]
}

function measureDecisions(): void {
  const times = options.quick ? 2_000 : 20_000
  const legacies = Array.from({ length: 200 }, newId)
  const reader = as(['viewer'], grantsOn(legacies, memberRoles))
  const story = {
    kind: 'Story',
    tenantId: home,
    legacyId: legacies[7] ?? '',
    authorId: 'somebody',
    status: 'PUBLISHED',
    level: 'LEGACY',
  } as const
  const remembering = createAuthorizer()
  const forgetting = createAuthorizer({ cacheTtlMs: 0 })
  bars.push(
    microseconds('a decision that is remembered', 10, times, () =>
      remembering.allows(reader, 'story:read', story),
    ),
    microseconds('a decision by the policies', 1_000, times / 20, () =>
      forgetting.allows(reader, 'story:read', story),
    ),
    microseconds('the filter of a list, 200 roles held', 1_000, times / 20, () =>
      storyVisibility(remembering, reader),
    ),
  )
}

function microseconds(name: string, goal: number, times: number, work: () => unknown): Bar {
  for (let n = 0; n < times / 10; n += 1) work()
  const begunAt = performance.now()
  for (let n = 0; n < times; n += 1) work()
  const value = ((performance.now() - begunAt) * 1_000) / times
  return { name, value, unit: 'µs', goal, direction: 'max' }
}

function as(roles: TenantContext['roles'], grants?: Grants): TenantContext {
  return {
    tenantId: home,
    mode: 'saas',
    actor: { kind: 'user', id: newId() as string as ActorId, name: 'Somebody' },
    roles,
    requestId: newId(),
    grants: grants ?? { version: 1, legacies: {}, stories: {} },
  }
}

function grantsOn(legacies: readonly string[], roles: readonly MemberRole[]): Grants {
  const held = legacies.map((id, index) => [id, roles[index % roles.length] ?? 'viewer'] as const)
  return { version: 1, legacies: Object.fromEntries(held), stories: {} }
}

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')
}
