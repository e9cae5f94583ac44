import { AppError } from '@heirloom/errors'

/** Separates the parts of a key. */
const separator = '#'

/**
 * Joins parts into one key: `['stream', id]` becomes `stream#id`. `#` and `%` inside a part are
 * written as `%23` and `%25`, so that no value can forge a part of its own, and keys of different
 * parts never meet. Numbers must come padded (`paddedNumber`): then keys sort as they do.
 * @throws AppError INVALID_INPUT without a part
 */
export function joinKey(...parts: readonly string[]): string {
  if (parts.length === 0) throw new AppError('INVALID_INPUT', 'a key needs at least one part')
  return parts.map(escapePart).join(separator)
}

/** What every key begins with whose first parts are these: `stream#id#`. */
export function keyPrefix(...parts: readonly string[]): string {
  return joinKey(...parts) + separator
}

/** The inverse of `joinKey`. */
export function splitKey(key: string): readonly string[] {
  return key.split(separator).map(unescapePart)
}

/**
 * A whole number in `width` digits, so that text order is number order.
 * @throws AppError INVALID_INPUT for what is no whole number or needs more digits
 */
export function paddedNumber(value: number, width: number): string {
  const digits = String(value)
  if (!Number.isSafeInteger(value) || value < 0 || digits.length > width) {
    throw new AppError('INVALID_INPUT', `${digits} is not a whole number of ${width} digits`)
  }
  return digits.padStart(width, '0')
}

const lastCodePoint = 0x10ffff
const firstSurrogate = 0xd800
const afterSurrogates = 0xe000

/**
 * The first key after every key with this prefix, or null when there is none. UTF-8 sorts by code
 * point, so the last code point that can grow is taken one further.
 */
export function afterPrefix(prefix: string): string | null {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (codePoints.length > 0) {
    const last = codePoints.pop() ?? 0
    if (last === lastCodePoint) continue
    const next = last + 1 === firstSurrogate ? afterSurrogates : last + 1
    return String.fromCodePoint(...codePoints, next)
  }
  return null
}

function escapePart(part: string): string {
  // As a rule there is nothing to escape, and every key of every request comes by here.
  if (!part.includes('%') && !part.includes(separator)) return part
  return part.replaceAll('%', '%25').replaceAll(separator, '%23')
}

function unescapePart(part: string): string {
  return part.replaceAll('%23', separator).replaceAll('%25', '%')
}
