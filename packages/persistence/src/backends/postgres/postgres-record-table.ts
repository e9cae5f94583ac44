import { sql, type RawBuilder } from 'kysely'
import type { TenantDatabase } from '@heirloom/postgres'
import { afterPrefix } from '../../keys.js'
import {
  checkKey,
  checkLimit,
  checkSortKey,
  checkSortKeys,
  checkWrites,
} from '../../ports/limits.js'
import { inOrderOf } from '../../ports/in-order.js'
import { pageToken, readPageToken } from '../../ports/page-token.js'
import type {
  RecordRange,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
} from '../../ports/record-table.js'
import { columns, toRecord, type ReadRow } from './rows.js'
import type { RecordSchema } from './schema.js'
import { transact } from './transact.js'
import type { WakeUps } from './wake-ups.js'

/**
 * Bytes of keys stay under a third of an 8 kB page, the most that a B-tree entry takes; the other
 * bounds are ours, to keep one transaction short.
 */
export const postgresCapabilities: RecordTableCapabilities = {
  maxItemBytes: 1_048_576,
  maxTransactItems: 1_100,
  maxTransactBytes: 16 * 1_048_576,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxPageItems: 1_000,
  maxBatchGetItems: 500,
  maxValueDepth: 64,
  expiryPrecisionMs: 1,
  changes: 'notify',
}

export function createPostgresRecordTable(
  database: TenantDatabase<RecordSchema>,
  wakeUps: WakeUps,
  now: () => number,
): RecordTable {
  const capabilities = postgresCapabilities
  const { tenantId } = database

  async function read(where: RawBuilder<unknown>): Promise<readonly TableRecord[]> {
    const alive = sql`(expires_at is null or expires_at > ${new Date(now())})`
    const { rows } = await database.transaction((trx) =>
      sql<ReadRow>`select ${columns} from record
        where tenant_id = ${tenantId} and ${alive} and ${where}`.execute(trx),
    )
    return rows.map(toRecord)
  }

  const table: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      return (await read(sql`pk = ${pk} and sk = ${sk}`))[0] ?? null
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      if (sks.length === 0) return []
      return inOrderOf(sks, await read(sql`pk = ${pk} and sk = any(${sks})`))
    },
    put: async (pk, sk, value, options = {}) => {
      const [version] = await table.transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await table.transact(pk, [{ op: 'delete', sk, ...options }])
    },
    query: async (pk, range) => {
      checkKey(pk, capabilities)
      checkLimit(range.limit, capabilities)
      const records = await read(rangeCondition(pk, range))
      const page = records.slice(0, range.limit)
      const last = page.at(-1)
      const more = records.length > range.limit && last !== undefined
      return { records: page, next: more ? pageToken(pk, range, last.sk) : null }
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      return database.transaction((trx) => transact(trx, tenantId, pk, writes, texts, now()))
    },
    onChange: (pk, wake) => wakeUps.subscribe(tenantId, pk, wake),
  }
  return table
}

/** Condition, order and limit; one row more than asked tells whether there is a next page. */
function rangeCondition(pk: string, range: RecordRange): RawBuilder<unknown> {
  const descending = range.order === 'descending'
  const conditions = [sql`pk = ${pk}`]
  if (range.prefix !== undefined && range.prefix !== '') {
    conditions.push(sql`sk >= ${range.prefix}`)
    const end = afterPrefix(range.prefix)
    if (end !== null) conditions.push(sql`sk < ${end}`)
  }
  if (range.after !== undefined) conditions.push(sql`sk > ${range.after}`)
  if (range.before !== undefined) conditions.push(sql`sk < ${range.before}`)
  if (range.token !== undefined) {
    const last = readPageToken(pk, range, range.token)
    conditions.push(descending ? sql`sk < ${last}` : sql`sk > ${last}`)
  }
  const order = descending ? sql`desc` : sql`asc`
  return sql`${sql.join(conditions, sql` and `)} order by sk ${order} limit ${range.limit + 1}`
}
