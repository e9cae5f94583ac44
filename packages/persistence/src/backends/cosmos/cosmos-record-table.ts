import { randomUUID } from 'node:crypto'
import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from '../../ports/key-layout.js'
import { inOrderOf } from '../../ports/in-order.js'
import {
  checkKey,
  checkLimit,
  checkSortKey,
  checkSortKeys,
  checkWrites,
} from '../../ports/limits.js'
import type {
  JsonObject,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  Write,
} from '../../ports/record-table.js'
import type { Account } from './account.js'
import { checkAttributes, tombstone, writeItem } from './items.js'
import { split, type Places } from './places.js'
import { queryPage, readMany, readOne } from './query.js'
import { transact, type PlannedWrite } from './writes.js'

/**
 * Cosmos takes 2 MB an item, and 100 operations and 2 MB a batch; keys and bookkeeping are part of
 * it, and counted before anything is sent. Keys fit the other backends, so that records can move.
 */
export const cosmosCapabilities: RecordTableCapabilities = {
  maxItemBytes: 1_048_576,
  maxTransactItems: 100,
  maxTransactBytes: 1_500_000,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxPageItems: 1_000,
  maxBatchGetItems: 100,
  maxValueDepth: 64,
  expiryPrecisionMs: 1,
  pages: 'records',
  changes: 'none',
}

export function createCosmosRecordTable(
  account: Account,
  places: Places,
  tenant: TenantId,
  layout: KeyLayout | undefined,
  now: () => number,
): RecordTable {
  const capabilities = cosmosCapabilities
  const attributes = layout?.attributes ?? []
  checkAttributes(attributes)

  function plan(pk: string, write: Write, text: string | null, nonce: string): PlannedWrite {
    const { sk, expect = 'anything' } = write
    const { pk: nativePk, id } = places.placeOf(pk, sk)
    const about = { tenant, pk, sk, native: { pk: nativePk, id }, nonce, now: now() }
    const item =
      write.op === 'delete' || text === null
        ? null
        : writeItem({
            ...about,
            value: JSON.parse(text) as JsonObject,
            expiresAt: write.expiresAt ?? null,
            attributes,
          })
    return { id, sk, item, tombstone: () => tombstone(about), expect }
  }

  const table: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      return readOne(account, places.placeOf(pk, sk), { tenant, pk }, sk, now())
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      if (sks.length === 0) return []
      const ids = [...new Set(sks.map((sk) => places.placeOf(pk, sk).id))]
      return inOrderOf(
        sks,
        await readMany(account, places.partitionOf(pk), { tenant, pk }, ids, now()),
      )
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
      return queryPage(account, places.partitionOf(pk), { tenant, pk }, range, now())
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      const found = writes.map((write) => places.placeOf(pk, write.sk))
      const partition = found[0] ?? places.partitionOf(pk)
      if (found.some((one) => !isTogether(one, partition))) throw split()
      const nonce = randomUUID()
      const planned = writes.map((write, index) => plan(pk, write, texts[index] ?? null, nonce))
      const { exclusive } = places
      const transaction = { owner: { tenant, pk }, partition, nonce, exclusive, writes: planned }
      return transact(account, transaction, now)
    },
    onChange: () => () => undefined,
  }
  return table
}

type Partition = ReturnType<Places['partitionOf']>

function isTogether(one: Partition, other: Partition): boolean {
  return one.pk === other.pk && one.container.id === other.container.id
}
