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
  /** Ends every connection to the database, those that listen for appends too. */
  disconnect(): Promise<void>
  close(): Promise<void>
}

const database = 'heirloom_storage'
const pageSize = 500

export async function openLogs(dataDir: string, tenant: string): Promise<Logs> {
  const cluster = await clusterOf(dataDir)
  const { appUrl } = cluster.urls(database)
  const backend = createBackends({ postgresConnections: { main: { url: appUrl } } }).find(
    ({ type }) => type === 'postgres',
  )
  if (backend === undefined) throw new Error('there is no Postgres backend')
  const opened = backend.open({ connection: 'main' })
  const table = opened.records.for(tenantId(tenant))
  const store = createEventStreamStore(table)
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
    disconnect: async () => {
      const client = new pg.Client({ connectionString: cluster.superuserUrl })
      await client.connect()
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [database],
      )
      await client.end()
    },
    close: () => opened.close(),
  }
}
