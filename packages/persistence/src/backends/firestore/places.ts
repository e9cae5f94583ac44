/**
 * Where records lie. Without a layout a partition is a document of the route's collection, and its
 * records are the collection `records` below it:
 *
 *   {collection}/{tenant}#{pk}/records/{sk}
 *
 * A layout that puts the tenant elsewhere, or renames keys, uses `items` instead of `records`, or
 * the collections that it names itself; then several partitions may share a collection, and several
 * collections make up a partition. Therefore records carry `key`: a digest of tenant and partition,
 * then the sort key. Whatever lies beside them, a range of `key` is a range of one tenant's
 * partition; and it needs nothing but the index that Firestore keeps of every single field. And
 * nothing is written over without a look at whose it is (writes.ts): a tenant who is called like
 * the first word of another layout's keys meets a CONFLICT at worst, never somebody's record.
 */
import { createHash } from 'node:crypto'
import type { TenantId } from '@heirloom/tenancy'
import {
  nativeCollections,
  nativeKey,
  nativePartitionKey,
  type KeyLayout,
} from '../../ports/key-layout.js'
import { documentId } from './documents.js'

export interface Collection {
  /** The document, or the root, below which the collection is. */
  readonly parent: string
  readonly collectionId: string
  /** What the sort keys of all records of the partition begin with that lie in it. */
  readonly prefix: string
}

export interface Places {
  /** No other tenant, and no other partition, can have a document in the same place. */
  readonly exclusive: boolean
  /** The full name of a record's document. */
  documentOf(pk: string, sk: string): string
  /** Every collection that holds records of the partition. */
  collectionsOf(pk: string): readonly Collection[]
}

export const collectionIds = { plain: 'records', laidOut: 'items' } as const

// 132 bits: nobody finds two partitions with the same.
const digestLength = 22

/** What the `key` of every record of a partition begins with. */
export function partitionDigest(tenant: TenantId, pk: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, pk]))
    .digest('base64url')
    .slice(0, digestLength)
}

export function createPlaces(
  root: string,
  collection: string,
  tenant: TenantId,
  layout: KeyLayout | undefined,
): Places {
  const plain = (layout?.tenantAt ?? 0) === 0 && (layout?.shapes ?? []).length === 0
  const collectionId = plain ? collectionIds.plain : collectionIds.laidOut

  function pathOf(names: readonly string[] | null, partition: string): readonly string[] {
    return names ?? [collection, partition, collectionId]
  }

  return {
    exclusive: plain,
    documentOf: (pk, sk) => {
      const { collection: names, partition, id } = nativeKey(tenant, pk, sk, layout)
      return [root, ...[...pathOf(names, partition), id].map(documentId)].join('/')
    },
    collectionsOf: (pk) =>
      nativeCollections(tenant, pk, layout).map(({ collection: names, prefix }) => {
        const path = pathOf(names, nativePartitionKey(tenant, pk, layout)).map(documentId)
        return {
          parent: [root, ...path.slice(0, -1)].join('/'),
          collectionId: path.at(-1) ?? collectionId,
          prefix,
        }
      }),
  }
}
