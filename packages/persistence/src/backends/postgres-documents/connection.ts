import { createDatabase, type Database } from '@heirloom/postgres'
import { translated } from './errors.js'
import type { DocumentSchema } from './schema.js'
import { createScopeWakeUps, type ScopeWakeUps } from './wake-ups.js'

export interface PostgresDocumentsConfig {
  /** Of the app role: row-level security must hold for it. */
  readonly url: string
  /** Of the owner: declared composite indexes are created with it, and only verified without. */
  readonly ownerUrl?: string
  readonly maxConnections?: number
}

/** One pool and one listening connection, shared by the stores of one configured backend. */
export interface PostgresDocuments {
  readonly config: PostgresDocumentsConfig
  readonly database: Database<DocumentSchema>
  readonly wakeUps: ScopeWakeUps
  readonly close: () => Promise<void>
}

export function openPostgresDocuments(config: PostgresDocumentsConfig): PostgresDocuments {
  const opened = createDatabase<DocumentSchema>({
    url: config.url,
    applicationName: 'heirloom documents',
    ...(config.maxConnections === undefined ? {} : { maxConnections: config.maxConnections }),
  })
  const database: Database<DocumentSchema> = {
    ...opened,
    for: (tenant) => {
      const bound = opened.for(tenant)
      return { ...bound, transaction: (work) => translated(() => bound.transaction(work)) }
    },
  }
  const wakeUps = createScopeWakeUps(config.url)
  let closed: Promise<void> | undefined
  return {
    config,
    database,
    wakeUps,
    close: () => {
      closed ??= (async () => {
        await wakeUps.close()
        await database.close()
      })()
      return closed
    },
  }
}
