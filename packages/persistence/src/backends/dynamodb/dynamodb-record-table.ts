import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { TenantId } from '@heirloom/tenancy'
import { nativePartitionKey, type KeyLayout } from '../../ports/key-layout.js'
import { inOrderOf } from '../../ports/in-order.js'
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
import { getItems } from './batch-get.js'
import { checkAttributes, checkSizes, keyOf, newVersion, readItem, writeItem } from './items.js'
import { queryPage } from './query.js'
import type { Table } from './table.js'
import { writeMany, writeOne, type PlannedWrite } from './writes.js'

/**
 * DynamoDB's own limits, less what keys and bookkeeping take of an item's 400 KB and of a
 * transaction's 4 MB. A partition key may have 2048 bytes there; ours leaves room for the tenant,
 * and fits the other backends, so that records can move.
 */
export const dynamoDbCapabilities: RecordTableCapabilities = {
  maxItemBytes: 400_000,
  maxTransactItems: 100,
  maxTransactBytes: 3_800_000,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxPageItems: 1_000,
  maxBatchGetItems: 100,
  maxValueDepth: 64,
  expiryPrecisionMs: 1,
  pages: 'records',
  changes: 'none',
}

export function createDynamoDbRecordTable(
  table: Table,
  tenant: TenantId,
  layout: KeyLayout | undefined,
  now: () => number,
): RecordTable {
  const capabilities = dynamoDbCapabilities
  const attributes = layout?.attributes ?? []
  checkAttributes(attributes)
  // A store asks for the same partition again and again.
  let last = { pk: '', native: '' }
  const nativePkOf = (pk: string): string => {
    if (last.pk !== pk) last = { pk, native: nativePartitionKey(tenant, pk, layout) }
    return last.native
  }

  const records: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      const Key = keyOf(nativePkOf(pk), sk)
      const { Item } = await table.call(() =>
        table.client.send(new GetItemCommand({ TableName: table.name, Key, ConsistentRead: true })),
      )
      return Item === undefined ? null : readItem(Item, tenant, now())
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      const nativePk = nativePkOf(pk)
      const items = await getItems(
        table,
        [...new Set(sks)].map((sk) => keyOf(nativePk, sk)),
      )
      return inOrderOf(
        sks,
        items.flatMap((item) => readItem(item, tenant, now()) ?? []),
      )
    },
    put: async (pk, sk, value, options = {}) => {
      const [version] = await records.transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await records.transact(pk, [{ op: 'delete', sk, ...options }])
    },
    query: async (pk, range) => {
      checkKey(pk, capabilities)
      checkLimit(range.limit, capabilities)
      const partition = { tenant, pk, nativePk: nativePkOf(pk) }
      return queryPage(table, partition, range, capabilities, now())
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      const nativePk = nativePkOf(pk)
      const planned = writes.map((write, index): PlannedWrite => {
        const key = keyOf(nativePk, write.sk)
        const expect = write.expect ?? 'anything'
        if (write.op === 'delete') return { key, item: null, version: null, expect }
        const version = newVersion()
        const { sk, value, expiresAt = null } = write
        const text = texts[index] ?? 'null'
        const item = writeItem(
          { tenant, pk, nativePk, sk, text, value, expiresAt, attributes },
          version,
        )
        return { key, item, version, expect }
      })
      checkSizes(planned.flatMap(({ item }) => (item === null ? [] : [item])))
      const [only] = planned
      if (only !== undefined && planned.length === 1) await writeOne(table, tenant, only, now())
      else await writeMany(table, tenant, planned, now())
      return planned.map(({ version }) => version)
    },
    onChange: () => () => undefined,
  }
  return records
}
