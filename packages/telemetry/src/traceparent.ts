import { randomFillSync } from 'node:crypto'

// W3C Trace Context, level 1, section 3.2: version-traceid-parentid-flags.
const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

export function newTraceparent(): string {
  return `00-${random(16)}-${random(8)}-01`
}

/** A new span in the caller's trace, or a new trace when the caller sent none that is valid. */
export function childTraceparent(parent: string | undefined): string {
  const match = pattern.exec(parent ?? '')
  if (match === null || /^0+$/.test(match[1] ?? '')) return newTraceparent()
  return `00-${match[1]}-${random(8)}-${match[3]}`
}

// Every hop of every request needs a few bytes, and asking the kernel for them costs more than
// all the rest of a small request: so it is asked seldom.
const pool = Buffer.alloc(8_192)
let used = pool.length

function random(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
