import { createHash } from 'node:crypto'

const plain = /[a-z0-9_-]/
/** Leaves room for the endings of lock files, below the 255 bytes that a name may have. */
const longest = 100

/**
 * A text as one segment of a path, different for different texts. What is not plain becomes `=` and
 * two hexadecimal digits per byte, capital letters too: some file systems take `A` for `a`. A long
 * text keeps its beginning, for people, and its digest; `~` marks that, and appears nowhere else.
 */
export function pathSegment(text: string): string {
  const escaped = Array.from(text, (character) =>
    plain.test(character) ? character : escapeBytes(character),
  ).join('')
  if (escaped.length <= longest && escaped !== '') return escaped
  const digest = createHash('sha256').update(text).digest('hex')
  return `${escaped.slice(0, longest - digest.length - 1)}~${digest}`
}

function escapeBytes(character: string): string {
  return Array.from(
    Buffer.from(character),
    (byte) => `=${byte.toString(16).padStart(2, '0')}`,
  ).join('')
}
