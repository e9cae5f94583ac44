import type {
  createTorture,
  RunningDynamoDb,
  RunningFirestore,
  Torture,
  TortureReport,
} from '@heirloom/persistence/rigs'
import { testTenant } from '@heirloom/testkit'
import type { TortureOptions } from './options.js'

export interface Homes {
  readonly postgresUrl: string
  readonly dynamoDb: RunningDynamoDb
  readonly firestore: RunningFirestore
}

export interface MigrationLedger extends TortureReport {
  readonly seed: number
  readonly records: number
  readonly seconds: number
  /** What is still there of what was moved away: late writes that nobody acknowledged, if anything. */
  readonly leftBehind: { readonly postgres: number; readonly dynamoDb: number }
  readonly moves: readonly Move[]
}

export interface Move {
  readonly kind: string
  readonly to: string
  readonly seconds: number
  readonly phases: TortureReport['phases']
}

/** Every acknowledged write through two migrations of both kinds; the caller judges the ledger. */
export async function tortureMigrations(
  create: typeof createTorture,
  { postgresUrl, dynamoDb, firestore }: Homes,
  options: TortureOptions,
  tell: (what: string) => void,
): Promise<MigrationLedger> {
  const from = performance.now()
  const { records, kills } = options
  await dynamoDb.endChangeStream()
  const home = 'backend_type: postgres, config: { connection: main }'
  const torture = await create({
    environment: {
      postgresConnections: { main: { url: postgresUrl, maxConnections: 4 } },
      dynamoDbEndpoints: [dynamoDb.config['endpoint'] ?? ''],
      firestoreEndpoints: [firestore.server.endpoint ?? ''],
    },
    bootstrap: `
registry: { tenant_id: t_system, ${home} }
routes:
  - { resource_kind: tabular_store, ${home} }
  - { resource_kind: event_stream, ${home} }
`,
    kinds: ['tabular_store', 'event_stream'],
    tenant: testTenant().tenantId,
    mode: 'saas',
    pace: 'steady',
    seed: options.seed,
    runners: 3,
    writers: options.writers,
    keysPerWriter: 300,
    pauseMs: options.pauseMs,
    chaos: { failBefore: 0.001, failAfter: 0.001, late: 0.002, maxLateMs: 700 },
    tell,
  })
  const moves: Move[] = []

  async function move(
    kind: 'tabular_store' | 'event_stream',
    target: Parameters<Torture['move']>[1],
  ): Promise<void> {
    const begunAt = performance.now()
    tell(`${kind} to ${target.backendType}`)
    const before = torture.reports().length
    const harm =
      kind === 'event_stream'
        ? { kills: kills > 1 ? 1 : 0, sleeps: 0, records: 0 }
        : { kills, sleeps: Math.floor(kills / 3), records }
    const chosen = { pageSize: options.pageSize, autoCutOver: false, rollbackWindowMs: null }
    const { id } = await torture.move(kind, target, chosen, harm, ['ready'])
    await torture.mover.migrations.cutOver(id, 'user:torturer')
    await torture.follow(id, harm, ['rollback-window'])
    await torture.mover.migrations.retire(id, 'user:torturer')
    await torture.follow(id, harm, ['done'])
    const seconds = (performance.now() - begunAt) / 1_000
    const phases = torture.reports().slice(before)
    moves.push({ kind, to: target.backendType, seconds, phases })
  }

  try {
    await torture.fill(records)
    tell(`${records} records are there`)
    await torture.begin()
    for (const kind of ['tabular_store', 'event_stream'] as const) {
      await move(kind, { backendType: 'dynamodb', config: dynamoDb.config })
    }
    for (const kind of ['tabular_store', 'event_stream'] as const) {
      await move(kind, { backendType: 'firestore', config: firestore.config })
    }
    const report = await torture.settle(records)
    const postgres = await torture.rawCount({
      backendType: 'postgres',
      config: { connection: 'main' },
    })
    const inDynamoDb = await torture.rawCount({
      backendType: 'dynamodb',
      config: dynamoDb.config,
    })
    return {
      ...report,
      seed: options.seed,
      records,
      seconds: (performance.now() - from) / 1_000,
      leftBehind: { postgres, dynamoDb: inDynamoDb },
      moves,
    }
  } finally {
    await torture.stop()
  }
}
