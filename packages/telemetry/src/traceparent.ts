import { randomBytes } from 'node:crypto'

// W3C Trace Context, level 1, section 3.2: version-traceid-parentid-flags.
const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

export function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
}

/** A new span in the caller's trace, or a new trace when the caller sent none that is valid. */
export function childTraceparent(parent: string | undefined): string {
  const match = pattern.exec(parent ?? '')
  if (match === null || /^0+$/.test(match[1] ?? '')) return newTraceparent()
  return `00-${match[1]}-${randomBytes(8).toString('hex')}-${match[3]}`
}
