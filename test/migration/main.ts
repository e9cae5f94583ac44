import { rm } from 'node:fs/promises'
import { env } from 'node:process'
import { connectCluster, startPostgres } from '@heirloom/embedded'
import { recordMigrations } from '@heirloom/persistence'
import { migrate } from '@heirloom/postgres'
import { newDataDir } from '@heirloom/testkit'
import { readOptions } from './options.js'
import { printLedger } from './print-ledger.js'
import { tortureMigrations, type MigrationLedger } from './scenario.js'

// `npm run torture:migration`: the scenario in whatever size.
interface FoundRig {
  readonly env?: Readonly<Record<string, string>>
  readonly missing?: string
}

try {
  const options = readOptions(process.argv.slice(2))
  const { torture, stop } = await homes()
  const from = Date.now()
  const tell = (what: string): void => {
    const seconds = ((Date.now() - from) / 1_000).toFixed(1).padStart(7)
    if (!options.json) console.log(`${seconds} s  ${what}`)
  }
  console.log(`seed ${options.seed}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().then(() => process.exit(2)))
  }
  try {
    const ledger = await torture(options, tell)
    console.log(options.json ? JSON.stringify(ledger) : printLedger(ledger))
    process.exitCode = ledger.isClean ? 0 : 1
  } finally {
    await stop()
  }
} catch (error) {
  // With what caused it: a run is long, and not soon done again.
  console.error(error instanceof Error && error.cause === undefined ? error.message : error)
  process.exitCode = 2
}

interface RunningHomes {
  readonly torture: (
    options: ReturnType<typeof readOptions>,
    tell: (what: string) => void,
  ) => Promise<MigrationLedger>
  readonly stop: () => Promise<void>
}

/** Real servers: Postgres, and what scripts/rigs/ has for the two others. */
async function homes(): Promise<RunningHomes> {
  for (const name of ['dynamodb', 'firestore']) {
    const url = new URL(`../../../scripts/rigs/${name}.mjs`, import.meta.url)
    const script = (await import(url.href)) as Readonly<Record<string, (cache: string) => FoundRig>>
    const found = script[name]?.('.rigs')
    if (found?.missing !== undefined) throw new Error(`no ${name}: ${found.missing}`)
    Object.assign(env, found?.env)
  }
  // What there is, is read when this is loaded.
  const { createTorture, runDynamoDb, runFirestore } = await import('@heirloom/persistence/rigs')
  const dataDir = await newDataDir()
  const postgres = await startPostgres({ dataDir, durable: false })
  const cluster = connectCluster({ port: postgres.port, passwords: postgres.passwords })
  await cluster.createDatabase('torture')
  const { appUrl: postgresUrl, ownerUrl } = cluster.urls('torture')
  await migrate(ownerUrl, [recordMigrations])
  const [dynamoDb, firestore] = await Promise.all([runDynamoDb(Date.now), runFirestore(Date.now)])
  return {
    torture: (options, tell) =>
      tortureMigrations(createTorture, { postgresUrl, dynamoDb, firestore }, options, tell),
    stop: async () => {
      await Promise.all([dynamoDb.stop(), firestore.stop()])
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
