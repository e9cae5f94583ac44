import { createHash } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { RecordRange } from './record-table.js'

// Version 1: the digest of what is being paged, then the last key that was handed out. The token
// reaches nothing that its holder could not read by the range itself, so it needs no signature.
const version = '1'

export function pageToken(pk: string, range: RecordRange, lastSk: string): string {
  return Buffer.from(`${version}${digest(pk, range)}${lastSk}`).toString('base64url')
}

/** The last key that was handed out. @throws AppError CURSOR_INVALID */
export function readPageToken(pk: string, range: RecordRange, token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8')
  const start = `${version}${digest(pk, range)}`
  const lastSk = text.slice(start.length)
  // It must be a key that a page of this range can have ended with; a NUL is in none.
  const isKey = lastSk !== '' && !lastSk.includes('\0') && lastSk.startsWith(range.prefix ?? '')
  if (!text.startsWith(start) || !isKey || pageToken(pk, range, lastSk) !== token) {
    throw new AppError('CURSOR_INVALID', 'this page token belongs to another query')
  }
  return lastSk
}

function digest(pk: string, range: RecordRange): string {
  const what = [
    pk,
    range.prefix ?? null,
    range.after ?? null,
    range.before ?? null,
    range.order ?? 'ascending',
  ]
  return createHash('sha256').update(JSON.stringify(what)).digest('base64url').slice(0, 16)
}
