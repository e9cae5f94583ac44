import { createHash } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { JsonObject, RecordVersion, TableRecord } from '../../ports/record-table.js'
import { escapeCharacter, readVendorId, vendorId } from '../vendor-id.js'

/** An item as it is stored; `_etag` is the service's. */
export interface Item {
  readonly id: string
  readonly pk: string
  readonly sk: string
  readonly tenant_id: string
  readonly record_pk: string
  readonly place: string
  readonly nonce: string
  readonly value: JsonObject
  readonly expires_at?: number
  readonly ttl?: number
}
export type StoredItem = Item & { readonly _etag: string }

/** What expectations look at. */
export type Seen = Pick<
  StoredItem,
  'id' | 'sk' | 'tenant_id' | 'record_pk' | 'nonce' | 'expires_at' | '_etag'
>

/** Fields that are ours; a layout cannot name one of them, nor one that begins with `_`. */
const reserved = [
  'id',
  'pk',
  'sk',
  'tenant_id',
  'record_pk',
  'place',
  'nonce',
  'value',
  'expires_at',
  'ttl',
]

/** "Maximum length of ID value: 1,023 bytes." */
const maxIdBytes = 1_023
// What an id keeps in a URL, whoever encodes it; everything else has failed in some gateway.
const unsafeInId = /[^A-Za-z0-9._:@=-]/gu
const maxContainerBytes = 255
const onlyDots = /^\.+$/

/** A key as an item's id (see cosmos-backend.ts). */
export function itemId(key: string): string {
  const id = vendorId(key, unsafeInId, maxIdBytes)
  return onlyDots.test(id) ? id.replaceAll('.', escapeCharacter('.')) : id
}

/** A name as a container's: of the same characters, and shorter. */
export function containerId(name: string): string {
  const id = vendorId(name, unsafeInId, maxContainerBytes)
  return onlyDots.test(id) ? id.replaceAll('.', escapeCharacter('.')) : id
}

/**
 * A sort key as text that sorts by its bytes whatever the server takes for the order of texts:
 * bytes from `~` on are written as `~` and two digits, and so nothing but ASCII is left.
 */
export function sortText(sk: string): string {
  return sk.replace(/[~\u007f-\u{10ffff}]/gu, escapeCharacter)
}

export function readSortText(text: string): string {
  return readVendorId(text) ?? text
}

export interface NewItem {
  readonly tenant: TenantId
  readonly pk: string
  readonly sk: string
  readonly native: { readonly pk: string; readonly id: string }
  readonly value: JsonObject
  readonly expiresAt: Date | null
  readonly nonce: string
  readonly attributes: readonly string[]
  readonly now: number
}

const msPerSecond = 1_000
const maxTtlSeconds = 2_147_483_647

export function writeItem(item: NewItem): Item {
  const { expiresAt, now } = item
  return {
    ...copied(item.value, item.attributes),
    id: item.native.id,
    pk: item.native.pk,
    sk: sortText(item.sk),
    tenant_id: item.tenant,
    record_pk: item.pk,
    place: placeOf(item),
    nonce: item.nonce,
    value: item.value,
    ...(expiresAt === null ? {} : { expires_at: expiresAt.getTime(), ttl: ttlOf(expiresAt, now) }),
  }
}

/** What a removed record leaves behind where the removal has to be a write: expired from the start. */
export function tombstone(item: Omit<NewItem, 'value' | 'expiresAt' | 'attributes'>): Item {
  const dead = { ...item, value: {}, attributes: [], expiresAt: new Date(0) }
  return writeItem(dead)
}

/** From the last write on, by the server's clock; never before the time that is meant. */
function ttlOf(expiresAt: Date, now: number): number {
  const seconds = Math.ceil((expiresAt.getTime() - now) / msPerSecond)
  return Math.min(maxTtlSeconds, Math.max(1, seconds))
}

/** All items of all tenants in one order, for scans. */
function placeOf({ tenant, pk, sk }: Pick<NewItem, 'tenant' | 'pk' | 'sk'>): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, pk, sk]))
    .digest('base64url')
}

export interface Owner {
  readonly tenant: TenantId
  readonly pk: string
}

/** A layout may give two records the same place: then it belongs to the one that came first. */
export function belongsTo(item: Seen, { tenant, pk }: Owner, sk: string): boolean {
  return item.tenant_id === tenant && item.record_pk === pk && item.sk === sortText(sk)
}

export function isExpired(item: Pick<Seen, 'expires_at'>, now: number): boolean {
  return item.expires_at !== undefined && item.expires_at <= now
}

/** Null when it has expired. */
export function readItem(item: StoredItem, now: number): TableRecord | null {
  if (isExpired(item, now)) return null
  if (typeof item.value !== 'object' || item.value === null) {
    throw new AppError('INTERNAL', 'the Cosmos container holds an item that is no record')
  }
  return {
    sk: readSortText(item.sk),
    value: item.value,
    version: versionOf(item._etag, item.expires_at),
    expiresAt: item.expires_at === undefined ? null : new Date(item.expires_at),
  }
}

/**
 * The etag, which the service makes anew with every write, and the expiry, so that an expectation
 * of an expired version fails without a look at the item.
 */
export function versionOf(etag: string, expiresAtMs: number | undefined): RecordVersion {
  return `${expiresAtMs ?? ''}/${etag}` as RecordVersion
}

const versionPattern = /^(-?\d{1,16})?\/([\x21-\x7e]{1,128})$/

/** Null for what is no version of this backend. */
export function readVersion(version: RecordVersion): { etag: string; expires_at?: number } | null {
  const match = versionPattern.exec(version)
  if (match === null) return null
  const [, expiresAtMs, etag = ''] = match
  return expiresAtMs === undefined ? { etag } : { etag, expires_at: Number(expiresAtMs) }
}

/** @throws AppError INTERNAL for a layout that would hide a field of ours */
export function checkAttributes(attributes: readonly string[]): void {
  const taken = attributes.find((name) => reserved.includes(name) || name.startsWith('_'))
  if (taken !== undefined) throw new AppError('INTERNAL', `a layout cannot copy "${taken}"`)
}

/** Texts, numbers and truth values alone: what an index orders. */
function copied(value: JsonObject, attributes: readonly string[]): JsonObject {
  return Object.fromEntries(
    attributes.flatMap((name) => {
      const inner = Object.hasOwn(value, name) ? value[name] : undefined
      const simple = ['string', 'number', 'boolean'].includes(typeof inner)
      return inner !== undefined && simple ? [[name, inner]] : []
    }),
  )
}
