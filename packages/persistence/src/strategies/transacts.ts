import { hasCode } from '@heirloom/errors'
import type { RecordTableCapabilities, Write } from '../ports/record-table.js'

/** Writes of one partition in as many transacts as they need, by number and by size. */
export function transactsOf(
  { maxTransactItems, maxTransactBytes }: RecordTableCapabilities,
  writes: readonly Write[],
): readonly (readonly Write[])[] {
  const found: Write[][] = []
  let room = 0
  for (const write of writes) {
    const size = write.op === 'put' ? Buffer.byteLength(JSON.stringify(write.value)) : 0
    const last = found.at(-1)
    if (last === undefined || size > room || last.length === maxTransactItems) {
      found.push([write])
      room = maxTransactBytes - size
    } else {
      last.push(write)
      room -= size
    }
  }
  return found
}

/** Whether the backend can never take what it was given. */
export function isUnfit(error: unknown): boolean {
  return hasCode(error, 'PAYLOAD_TOO_LARGE') || hasCode(error, 'INVALID_INPUT')
}
