import type { Statement, TenantDatabase } from '@heirloom/postgres'
import { conflict } from '../../ports/conflict.js'
import {
  checkKey,
  checkLimit,
  checkSortKey,
  checkSortKeys,
  checkWrites,
} from '../../ports/limits.js'
import { inOrderOf } from '../../ports/in-order.js'
import { pageToken } from '../../ports/page-token.js'
import type {
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
  Write,
} from '../../ports/record-table.js'
import { toRecord, versionOf, type ReadRow } from './rows.js'
import type { RecordSchema } from './schema.js'
import {
  getManyStatement,
  getStatement,
  rangeStatement,
  writeStatement,
  type Partition,
} from './statements.js'
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

  function partitionOf(pk: string): Partition {
    return { tenantId, pk, now: now() }
  }

  async function read(statement: Statement): Promise<readonly TableRecord[]> {
    const [rows = []] = await database.batch<ReadRow>([statement])
    return rows.map(toRecord)
  }

  /** @throws AppError CONFLICT */
  async function writeOne(
    pk: string,
    write: Write,
    text: string | null,
  ): Promise<RecordVersion | null> {
    const [rows = []] = await database.batch<{ readonly version: number }>([
      writeStatement(partitionOf(pk), write, text),
    ])
    const [row] = rows
    const expected = write.op === 'put' || typeof write.expect === 'object'
    if (row === undefined && expected) throw conflict([0])
    return row === undefined || write.op === 'delete' ? null : versionOf(row)
  }

  const table: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      return (await read(getStatement(partitionOf(pk), sk)))[0] ?? null
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      if (sks.length === 0) return []
      return inOrderOf(sks, await read(getManyStatement(partitionOf(pk), sks)))
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
      const records = await read(rangeStatement(partitionOf(pk), range))
      const page = records.slice(0, range.limit)
      const last = page.at(-1)
      const more = records.length > range.limit && last !== undefined
      return { records: page, next: more ? pageToken(pk, range, last.sk) : null }
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      const [only] = writes
      if (only !== undefined && writes.length === 1) {
        return [await writeOne(pk, only, texts[0] ?? null)]
      }
      return database.transaction((trx) => transact(trx, tenantId, pk, writes, texts, now()))
    },
    onChange: (pk, wake) => wakeUps.subscribe(tenantId, pk, wake),
  }
  return table
}
