import pg from 'pg'
import {
  createBackends,
  createEventStreamStore,
  type EventStreamStore,
  type StoredEvent,
} from '@heirloom/persistence'
import { tenantId } from '@heirloom/tenancy'
import { clusterOf } from '../support/cluster-of.js'

/** The streams of one tenant, past gateway and subgraph: what is in the database is the truth. */
export interface Logs {
  /** As a process sees it whose clock is wrong by so much. */
  withSkew(skewMs: number): EventStreamStore
  /** Every event of a stream, oldest first. */
  all(streamId: string): Promise<readonly StoredEvent[]>
  /** The sort keys of the same events, as the rows of the table have them. */
  rows(streamId: string): Promise<readonly string[]>
  /** Ends every connection to the database, those that listen for appends too. */
  disconnect(): Promise<void>
  close(): Promise<void>
}

const database = 'heirloom_storage'
const pageSize = 500

export async function openLogs(dataDir: string, tenant: string): Promise<Logs> {
  const cluster = await clusterOf(dataDir)
  const { appUrl } = cluster.urls(database)
  const superuser = new URL(cluster.superuserUrl)
  superuser.pathname = database
  const superuserUrl = superuser.href
  const backend = createBackends({ postgresConnections: { main: { url: appUrl } } }).find(
    ({ type }) => type === 'postgres',
  )
  if (backend === undefined) throw new Error('there is no Postgres backend')
  const opened = backend.open({ connection: 'main' })
  const table = opened.records.for(tenantId(tenant))
  const store = createEventStreamStore(table)

  async function query(text: string, values: readonly string[]): Promise<readonly unknown[]> {
    const client = new pg.Client({ connectionString: superuserUrl })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text, [...values])).rows
    } finally {
      await client.end()
    }
  }

  return {
    withSkew: (skewMs) => createEventStreamStore(table, { now: () => Date.now() + skewMs }),
    all: async (streamId) => {
      const events: StoredEvent[] = []
      for (;;) {
        const page = await store.listAfter(streamId, events.at(-1)?.position ?? 0, pageSize)
        if (page.startsAfter > 0) throw new Error(`${streamId} lost its beginning to retention`)
        if (page.events.length === 0) return events
        events.push(...page.events)
      }
    },
    rows: async (streamId) => {
      const text = `select sk from record
        where tenant_id = $1 and pk = $2 and sk like 'event#%' order by sk collate "C"`
      const found = await query(text, [tenant, `stream#${streamId}`])
      return found.map((row) => String((row as { sk: unknown }).sk))
    },
    disconnect: async () => {
      const text = `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = $1 and pid <> pg_backend_pid()`
      await query(text, [database])
    },
    close: () => opened.close(),
  }
}
