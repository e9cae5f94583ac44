import { setTimeout as delay } from 'node:timers/promises'
import { sql, type Kysely } from 'kysely'
import { AppError } from '@heirloom/errors'
import { createDatabase, type Database } from '@heirloom/postgres'
import { indexName, type IndexDefinition } from '../../documents/indexes.js'
import type { PostgresDocumentsConfig } from './connection.js'
import { translated } from './errors.js'
import type { DocumentSchema } from './schema.js'

const lockKey = 'heirloom document indexes'
const lockRetryMs = 100
const lockTimeoutMs = 600_000
const buildTimeoutMs = 3_600_000

/** Names and fields come from patterns that contain no quote. */
export function statementFor(definition: IndexDefinition): string {
  const fields = definition.fields.flatMap(({ field, direction }) =>
    ['document_rank', 'document_number', 'document_text'].map(
      (part) => `${part}(data, ${pathLiteral(field)}) ${direction}`,
    ),
  )
  const ties = definition.fields.at(-1)?.direction ?? 'asc'
  const keys = ['tenant_id', 'database', 'collection_hash', ...fields, `id ${ties}`].join(', ')
  return (
    `create index concurrently if not exists ${indexName(definition)} on document (${keys}) ` +
    `where not deleted and shape = '${definition.shape}'`
  )
}

export function pathLiteral(field: string): string {
  return `'{${field.replaceAll('.', ',')}}'::text[]`
}

/**
 * Creates what is declared and not there, without blocking writers. Without the owner's connection
 * it does nothing, and the verification that follows names what is missing.
 */
export async function createIndexes(
  { ownerUrl }: PostgresDocumentsConfig,
  declared: readonly IndexDefinition[],
): Promise<void> {
  if (ownerUrl === undefined || declared.length === 0) return
  const database = createDatabase<DocumentSchema>({
    url: ownerUrl,
    applicationName: 'heirloom document indexes',
    maxConnections: 1,
    statementTimeoutMs: buildTimeoutMs,
  })
  try {
    await database.unbound.connection().execute(async (connection) => {
      await lock(connection)
      for (const definition of declared) await createOne(connection, definition)
      await sql`select pg_advisory_unlock(hashtext(${lockKey}))`.execute(connection)
    })
  } finally {
    await database.close()
  }
}

// Tried again and again instead of waited for: a statement that waits holds a snapshot, and an
// index that is built concurrently waits for every older snapshot.
async function lock(connection: Kysely<DocumentSchema>): Promise<void> {
  const deadline = Date.now() + lockTimeoutMs
  for (;;) {
    const { rows } = await sql<{ locked: boolean }>`
      select pg_try_advisory_lock(hashtext(${lockKey})) as locked`.execute(connection)
    if (rows[0]?.locked === true) return
    if (Date.now() > deadline) {
      throw new AppError('TIMEOUT', 'another process keeps building indexes')
    }
    await delay(lockRetryMs)
  }
}

async function createOne(
  connection: Kysely<DocumentSchema>,
  definition: IndexDefinition,
): Promise<void> {
  const name = indexName(definition)
  const { rows } = await sql<{ valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass(${name})`.execute(
    connection,
  )
  // A build that was cut off leaves an index that is there and serves nobody.
  if (rows[0]?.valid === false) await sql`drop index ${sql.id(name)}`.execute(connection)
  if (rows[0]?.valid !== true) await sql.raw(statementFor(definition)).execute(connection)
}

/** The valid indexes of this schema. @throws AppError BACKEND_UNAVAILABLE when one is missing */
export async function verifyIndexes(
  database: Database<DocumentSchema>,
  required: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await translated(() =>
    sql<{ name: string }>`
      select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indisvalid and c.relnamespace = 'public'::regnamespace`.execute(database.unbound),
  )
  const existing = new Set(rows.map(({ name }) => name))
  const missing = required.filter((name) => !existing.has(name))
  if (missing.length === 0) return existing
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `Postgres lacks indexes: ${missing.join(', ')}; run the migrations, and start with the owner's connection or create them`,
    { details: { missing } },
  )
}
