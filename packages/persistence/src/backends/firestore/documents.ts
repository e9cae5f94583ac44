import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { JsonObject, RecordVersion, TableRecord } from '../../ports/record-table.js'
import { escapeCharacter, vendorId } from '../vendor-id.js'
import {
  fitsMap,
  fromWire,
  millisecondsOf,
  timestampOf,
  toWire,
  wireFields,
  type WireTimestamp,
  type WireValue,
} from './values.js'

export type Fields = Record<string, WireValue>

/** google.firestore.v1.Document */
export interface WireDocument {
  readonly name?: string | null
  readonly fields?: Record<string, WireValue> | null
  readonly updateTime?: WireTimestamp | null
}

/** A document as expectations see it, whoever's it is and whether or not it has expired. */
export interface Snapshot {
  readonly updateTime: WireTimestamp
  readonly expiresAtMs: number | null
  readonly nonce: string | null
  readonly fields: Fields
}

/** Fields that are ours; a layout cannot name one of them. */
const reserved = [
  'pk',
  'sk',
  'key',
  'tenant_id',
  'value',
  'json',
  'nonce',
  'written_at',
  'expires_at',
]

// "Maximum size for a document ID: 1,500 bytes"; what is left is for a first character escaped.
const maxIdBytes = 1_490
const forbidden = /[~/]/gu
const reservedId = /^(?:\.\.?|__.*__)$/su

/** A key as a document id: no `/`, not `.` or `..`, not `__…__`. */
export function documentId(key: string): string {
  const id = vendorId(key, forbidden, maxIdBytes)
  return reservedId.test(id) ? escapeCharacter(id.slice(0, 1)) + id.slice(1) : id
}

export interface NewDocument {
  readonly tenant: TenantId
  readonly pk: string
  readonly sk: string
  /** The digest of the partition, then the sort key. */
  readonly key: string
  readonly text: string
  readonly expiresAt: Date | null
  readonly nonce: string
  readonly attributes: readonly string[]
}

export function documentFields(document: NewDocument): Fields {
  const value = JSON.parse(document.text) as JsonObject
  return {
    ...copied(value, document.attributes),
    pk: { stringValue: document.pk },
    sk: { stringValue: document.sk },
    key: { stringValue: document.key },
    tenant_id: { stringValue: document.tenant },
    nonce: { stringValue: document.nonce },
    ...(fitsMap(value)
      ? { value: { mapValue: { fields: wireFields(value) } } }
      : { json: { stringValue: document.text } }),
    ...(document.expiresAt === null
      ? {}
      : { expires_at: { timestampValue: timestampOf(document.expiresAt) } }),
  }
}

export function readSnapshot({ fields, updateTime }: WireDocument): Snapshot {
  const expiresAt = fields?.['expires_at']?.timestampValue
  return {
    fields: fields ?? {},
    updateTime: updateTime ?? {},
    expiresAtMs: expiresAt ? millisecondsOf(expiresAt) : null,
    nonce: fields?.['nonce']?.stringValue ?? null,
  }
}

export interface Owner {
  readonly tenant: TenantId
  readonly pk: string
}

/** A layout may give two records the same place: then it belongs to the one that came first. */
export function belongsTo({ fields }: Snapshot, { tenant, pk }: Owner, sk: string): boolean {
  return (
    fields['tenant_id']?.stringValue === tenant &&
    fields['pk']?.stringValue === pk &&
    fields['sk']?.stringValue === sk
  )
}

/** Null when it is somebody else's, or has expired. */
export function readRecord(
  snapshot: Snapshot,
  owner: Owner,
  sk: string,
  now: number,
): TableRecord | null {
  const { fields, expiresAtMs } = snapshot
  if (!belongsTo(snapshot, owner, sk) || isExpired(snapshot, now)) return null
  const json = fields['json']?.stringValue
  const value = typeof json === 'string' ? JSON.parse(json) : fromWire(fields['value'] ?? {})
  if (typeof value !== 'object' || value === null) {
    throw new AppError('INTERNAL', 'the Firestore collection holds a document that is no record')
  }
  return {
    sk,
    value: value as JsonObject,
    version: versionOf(snapshot.updateTime, expiresAtMs),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs),
  }
}

export function isExpired({ expiresAtMs }: Pick<Snapshot, 'expiresAtMs'>, now: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= now
}

/**
 * The time of the commit, which Firestore lets grow strictly per document, and the expiry, so that
 * an expectation of an expired version fails without a look at the document.
 */
export function versionOf(updateTime: WireTimestamp, expiresAtMs: number | null): RecordVersion {
  const { seconds, nanos } = updateTime
  return `${seconds ?? 0}.${nanos ?? 0}.${expiresAtMs ?? ''}` as RecordVersion
}

const versionPattern = /^(\d{1,12})\.(\d{1,9})\.(-?\d{1,16})?$/

/** Null for what is no version of this backend. */
export function readVersion(
  version: RecordVersion,
): { updateTime: WireTimestamp; expiresAtMs: number | null } | null {
  const match = versionPattern.exec(version)
  if (match === null) return null
  const [, seconds, nanos, expiresAtMs] = match
  return {
    updateTime: { seconds: Number(seconds), nanos: Number(nanos) },
    expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
  }
}

/** @throws AppError INTERNAL for a layout that would hide a field of ours */
export function checkAttributes(attributes: readonly string[]): void {
  const taken = attributes.find((name) => reserved.includes(name) || name.startsWith('__'))
  if (taken !== undefined) throw new AppError('INTERNAL', `a layout cannot copy "${taken}"`)
}

/** Texts, numbers and truth values alone: what an index orders. */
function copied(value: JsonObject, attributes: readonly string[]): Fields {
  return Object.fromEntries(
    attributes.flatMap((name) => {
      const inner = Object.hasOwn(value, name) ? value[name] : undefined
      const simple = ['string', 'number', 'boolean'].includes(typeof inner)
      return inner !== undefined && simple ? [[name, toWire(inner)]] : []
    }),
  )
}
