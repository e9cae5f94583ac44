import { createIds, isUlid, type Ulid } from '@heirloom/tenancy'
import { paddedNumber } from '../keys.js'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeCharacters = 10
const timestampDigits = 15

/** A ULID of just this time, so that ids of different times sort by time. */
export function timedId(timeMs: number): Ulid {
  return createIds(() => timeMs)()
}

/** The time in a ULID (https://github.com/ulid/spec), or null for what is none. */
export function timeOfId(id: string): number | null {
  if (!isUlid(id)) return null
  let timeMs = 0
  for (let n = 0; n < timeCharacters; n += 1) {
    timeMs = timeMs * alphabet.length + alphabet.indexOf(id.charAt(n))
  }
  return timeMs
}

/** Milliseconds since 1970 as a part of a key. */
export function timestampPart(timeMs: number): string {
  return paddedNumber(timeMs, timestampDigits)
}
