import { randomUUID } from 'node:crypto'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { JsonObject, JsonValue, RecordVersion, TableRecord } from '../../ports/record-table.js'

export type Item = Record<string, AttributeValue>

/** Attributes that are ours; a layout cannot name one of them. */
const reserved = ['PK', 'SK', 'pk', 'tenant_id', 'version', 'data', 'expires_at', 'ttl']

/** "The maximum item size in DynamoDB is 400 KB", names of attributes included. */
export const maxItemSizeBytes = 400 * 1_024
/** "The aggregate size of the items in the transaction cannot exceed 4 MB." */
export const maxTransactionSizeBytes = 4 * 1_024 * 1_024

const numberSizeBytes = 21
const msPerSecond = 1_000

export interface NewItem {
  readonly tenant: TenantId
  readonly pk: string
  readonly nativePk: string
  readonly sk: string
  readonly text: string
  readonly value: JsonObject
  readonly expiresAt: Date | null
  readonly attributes: readonly string[]
}

export function newVersion(): RecordVersion {
  return randomUUID() as string as RecordVersion
}

export function keyOf(nativePk: string, sk: string): Item {
  return { PK: { S: nativePk }, SK: { S: sk } }
}

export function writeItem(item: NewItem, version: RecordVersion): Item {
  const { expiresAt } = item
  return {
    ...copied(item.value, item.attributes),
    ...keyOf(item.nativePk, item.sk),
    pk: { S: item.pk },
    tenant_id: { S: item.tenant },
    version: { S: version },
    data: { S: item.text },
    ...(expiresAt === null
      ? {}
      : {
          expires_at: { N: String(expiresAt.getTime()) },
          ttl: { N: String(Math.ceil(expiresAt.getTime() / msPerSecond)) },
        }),
  }
}

/** Null when it is another tenant's, or has expired. */
export function readItem(item: Item, tenant: TenantId, now: number): TableRecord | null {
  if (item['tenant_id']?.S !== tenant) return null
  const expiresAtMs = item['expires_at']?.N
  if (expiresAtMs !== undefined && Number(expiresAtMs) <= now) return null
  const sk = item['SK']?.S
  const version = item['version']?.S
  const data = item['data']?.S
  if (sk === undefined || version === undefined || data === undefined) {
    throw new AppError('INTERNAL', 'the DynamoDB table holds an item that is no record')
  }
  return {
    sk,
    value: JSON.parse(data) as JsonObject,
    version: version as RecordVersion,
    expiresAt: expiresAtMs === undefined ? null : new Date(Number(expiresAtMs)),
  }
}

/** As DynamoDB counts: UTF-8 of names and texts; a number takes 21 bytes at most. */
export function itemSizeBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, { S }]) => {
    const size = S === undefined ? numberSizeBytes : Buffer.byteLength(S)
    return sum + Buffer.byteLength(name) + size
  }, 0)
}

/** @throws AppError PAYLOAD_TOO_LARGE */
export function checkSizes(items: readonly Item[]): void {
  const sizes = items.map(itemSizeBytes)
  if (sizes.some((size) => size > maxItemSizeBytes)) {
    throw new AppError('PAYLOAD_TOO_LARGE', `DynamoDB takes ${maxItemSizeBytes} bytes per record`)
  }
  if (sizes.reduce((sum, size) => sum + size, 0) > maxTransactionSizeBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `DynamoDB writes at most ${maxTransactionSizeBytes} bytes together`,
    )
  }
}

/** @throws AppError INTERNAL for a layout that would hide an attribute of ours */
export function checkAttributes(attributes: readonly string[]): void {
  const taken = attributes.find((name) => reserved.includes(name))
  if (taken !== undefined) throw new AppError('INTERNAL', `a layout cannot copy "${taken}"`)
}

/** What an index could not take (an empty text, a list) is left out, as from a sparse index. */
function copied(value: JsonObject, attributes: readonly string[]): Item {
  return Object.fromEntries(
    attributes.flatMap((name): readonly (readonly [string, AttributeValue])[] => {
      const attribute = Object.hasOwn(value, name) ? attributeOf(value[name]) : null
      return attribute === null ? [] : [[name, attribute]]
    }),
  )
}

function attributeOf(value: JsonValue | undefined): AttributeValue | null {
  if (typeof value === 'string' && value !== '') return { S: value }
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  return null
}
