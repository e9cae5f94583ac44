import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from '../../ports/key-layout.js'
import {
  checkKey,
  checkLimit,
  checkSortKey,
  checkSortKeys,
  checkWrites,
} from '../../ports/limits.js'
import type {
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
} from '../../ports/record-table.js'
import type { Database } from './database.js'
import { checkAttributes, readRecord, readSnapshot } from './documents.js'
import { partitionDigest, type Places } from './places.js'
import { queryPage } from './query.js'
import type { WakeUps } from './wake-ups.js'
import { newNonce, planWrite, transact } from './writes.js'

/**
 * Firestore's own limits (1 MiB a document, 10 MiB a commit), less what names and bookkeeping take;
 * the 500 writes of a commit were its limit too until March 2023, and keep one commit short now.
 * Keys fit the other backends, so that records can move.
 */
export const firestoreCapabilities: RecordTableCapabilities = {
  maxItemBytes: 1_000_000,
  maxTransactItems: 500,
  maxTransactBytes: 6_000_000,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxPageItems: 1_000,
  maxBatchGetItems: 500,
  maxValueDepth: 64,
  expiryPrecisionMs: 1,
  pages: 'snapshot',
  changes: 'notify',
}

export function createFirestoreRecordTable(
  database: Database,
  places: Places,
  wakeUps: WakeUps,
  tenant: TenantId,
  layout: KeyLayout | undefined,
  now: () => number,
): RecordTable {
  const capabilities = firestoreCapabilities
  const attributes = layout?.attributes ?? []
  checkAttributes(attributes)

  const table: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      const [document] = await database.get([places.documentOf(pk, sk)])
      if (document === undefined) return null
      return readRecord(readSnapshot(document), { tenant, pk }, sk, now())
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      if (sks.length === 0) return []
      const names = sks.map((sk) => places.documentOf(pk, sk))
      const documents = await database.get([...new Set(names)])
      const found = new Map(documents.map((document) => [document.name, readSnapshot(document)]))
      return sks.map((sk, index) => {
        const snapshot = found.get(names[index])
        return snapshot === undefined ? null : readRecord(snapshot, { tenant, pk }, sk, now())
      })
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
      const { prefix: asked = '' } = range
      const collections = places
        .collectionsOf(pk)
        .filter(({ prefix }) => prefix.startsWith(asked) || asked.startsWith(prefix))
      const partition = { tenant, pk, collections }
      return queryPage(database, partition, range, now())
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      const nonce = newNonce()
      const context = { tenant, pk, digest: partitionDigest(tenant, pk), attributes, nonce }
      const planned = writes.map((write, index) =>
        planWrite(context, places.documentOf(pk, write.sk), write, texts[index] ?? null),
      )
      const { exclusive } = places
      return transact(database, { owner: { tenant, pk }, nonce, exclusive, writes: planned }, now)
    },
    onChange: (pk, wake) => {
      checkKey(pk, capabilities)
      const unsubscribers = places
        .collectionsOf(pk)
        .map(({ parent, collectionId }) => wakeUps.subscribe(parent, collectionId, wake))
      return () => {
        for (const unsubscribe of unsubscribers) unsubscribe()
      }
    },
  }
  return table
}
