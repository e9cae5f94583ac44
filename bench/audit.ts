import { rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { createAuditWriter, createSealer, type AuditWriter } from '@heirloom/audit'
import { createAuthorizer } from '@heirloom/authz'
import { connectCluster, startPostgres } from '@heirloom/embedded'
import { createDatabase, migrate } from '@heirloom/postgres'
import { createStoriesSubgraph, type StoriesDatabase } from '@heirloom/stories/app'
import { migrations } from '@heirloom/stories/migrations'
import { graphqlClient, newDataDir, testKeys, testLogger, testTenant } from '@heirloom/testkit'
import { interleave, type Contender } from './interleaved.js'
import { benchOptions, report } from './report.js'

// What the audit log costs a mutation: the stories subgraph over HTTP, once as it is and once with
// a log that writes nothing, in turn, on one PostgreSQL that syncs its commits, beside a sealer.
const options = benchOptions()
const rounds = options.quick ? { rounds: 5, perRound: 20 } : { rounds: 40, perRound: 100 }
const maxRatio = 1.25
const tokenLifeMs = 30_000

const closers: (() => Promise<unknown>)[] = []
const nothing: AuditWriter = {
  record: () => Promise.resolve(),
  tell: () => Promise.resolve(),
}
console.log(`load before: ${loadavg()[0]?.toFixed(1)}`)
try {
  await measure()
} finally {
  for (const close of closers.toReversed()) await close()
}

async function measure(): Promise<void> {
  const dataDir = await newDataDir()
  closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const server = await startPostgres({ dataDir })
  closers.push(() => server.stop())
  const cluster = connectCluster({ port: server.port, passwords: server.passwords })
  await cluster.createDatabase('bench')
  const urls = cluster.urls('bench')
  await migrate(urls.ownerUrl, migrations)
  const sealer = createSealer({
    name: 'bench',
    databaseUrl: urls.workerUrl,
    logger: testLogger(),
  })
  await sealer.start()
  closers.push(() => sealer.stop())

  const compared = await interleave(
    {
      told: await createStories(urls.appUrl, createAuditWriter({ service: 'stories' })),
      untold: await createStories(urls.appUrl, nothing),
    },
    rounds,
  )
  console.log(`load after: ${loadavg()[0]?.toFixed(1)}`)
  for (const [name, { p50, p99 }] of Object.entries(compared.of)) {
    console.log(`${name.padEnd(8)} p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms`)
  }
  const bar = { unit: 'times', goal: maxRatio, direction: 'max' } as const
  report(
    'audit',
    [
      {
        name: 'createStory with the log, p50',
        value: compared.ratio('told', 'untold', 'p50'),
        ...bar,
      },
      {
        name: 'createStory with the log, p99',
        value: compared.ratio('told', 'untold', 'p99'),
        ...bar,
      },
    ],
    options,
  )
}

/** A subgraph, and one story after the other by one of its tenants. */
async function createStories(url: string, audit: AuditWriter): Promise<Contender> {
  const keys = await testKeys()
  const database = createDatabase<StoriesDatabase>({ url, applicationName: 'bench' })
  const server = createStoriesSubgraph({
    database,
    authorizer: createAuthorizer(),
    verify: keys.verifier('stories'),
    logger: testLogger(),
    audit,
  })
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  closers.push(async () => {
    await server.close()
    await database.close()
  })
  const tenant = testTenant({ source: { ip: '203.0.113.7', userAgent: 'Mozilla/5.0' } })
  let issuedAtMs = 0
  let ask = graphqlClient(`${address}/graphql`)
  const run = async <Data>(document: string, input: object): Promise<Data> => {
    if (Date.now() - issuedAtMs > tokenLifeMs) {
      issuedAtMs = Date.now()
      ask = graphqlClient(`${address}/graphql`, await keys.token('stories', tenant))
    }
    const { data, errors } = await ask<Data & Record<string, unknown>>(document, { input })
    if (data === null || data === undefined) throw new Error(JSON.stringify(errors))
    return data
  }
  const made = await run<{ createLegacy: { legacy: { id: string } } }>(
    'mutation ($input: CreateLegacyInput!) { createLegacy(input: $input) { legacy { id } } }',
    { title: 'Measured' },
  )
  const legacyId = made.createLegacy.legacy.id
  return () =>
    run('mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }', {
      legacyId,
      title: 'A day',
      body: 'It rained.',
    })
}
