import { createHash } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { TableRecord } from './table-record.js'

export interface ScanRange {
  /** Null: every tenant. */
  readonly tenant: TenantId | null
  /** Only partitions whose neutral key begins with one of these; never empty. */
  readonly prefixes: readonly string[]
  /** 1 to `maxScanItems`. */
  readonly limit: number
  /** `next` of the page before. */
  readonly token?: string
}

export interface ScannedRecord extends TableRecord {
  readonly tenant: TenantId
  /** Neutral, as the store gave it. */
  readonly pk: string
}

export interface ScanPage {
  readonly records: readonly ScannedRecord[]
  readonly next: string | null
}

export const maxScanItems = 1_000
const version = '1'

/** Where a scan stands, in the backend's own words. */
export function scanToken(range: ScanRange, position: readonly string[]): string {
  const text = JSON.stringify([version, digest(range), ...position])
  return Buffer.from(text).toString('base64url')
}

/** Null at the beginning. @throws AppError CURSOR_INVALID, INVALID_INPUT for a bad limit */
export function readScanToken(range: ScanRange): readonly string[] | null {
  checkScan(range)
  if (range.token === undefined) return null
  const parts = parse(Buffer.from(range.token, 'base64url').toString('utf8'))
  if (parts === null || parts[0] !== version || parts[1] !== digest(range)) {
    throw new AppError('CURSOR_INVALID', 'this token belongs to another scan')
  }
  return parts.slice(2)
}

function checkScan({ limit, prefixes }: ScanRange): void {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxScanItems) {
    throw new AppError('INVALID_INPUT', `a page of a scan has 1 to ${maxScanItems} records`)
  }
  if (prefixes.length === 0) throw new AppError('INVALID_INPUT', 'a scan needs a prefix')
}

function parse(text: string): readonly string[] | null {
  try {
    const parts: unknown = JSON.parse(text)
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : null
  } catch {
    return null
  }
}

function digest({ tenant, prefixes }: ScanRange): string {
  const what = JSON.stringify([tenant, ...prefixes])
  return createHash('sha256').update(what).digest('base64url').slice(0, 16)
}
