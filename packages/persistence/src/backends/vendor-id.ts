import { createHash } from 'node:crypto'

const tooLong = '~~'

/**
 * A key as the id of a vendor's record. What the vendor forbids in ids is written as `~` and two
 * hexadecimal digits per byte of its UTF-8, and so is `~` itself: no two keys share an id, and
 * `readVendorId` inverts it. A key whose id would be longer than the vendor allows gets a digest
 * for an id instead; it is read from the record's own field then.
 */
export function vendorId(key: string, forbidden: RegExp, maxBytes: number): string {
  const id = key.replace(forbidden, escapeCharacter)
  if (Buffer.byteLength(id) <= maxBytes) return id
  return tooLong + createHash('sha256').update(key).digest('base64url')
}

/** The key behind an id; null where only a digest of it is left. */
export function readVendorId(id: string): string | null {
  if (id.startsWith(tooLong)) return null
  return id.replace(/(?:~[0-9A-F]{2})+/g, (escaped) =>
    Buffer.from(escaped.replaceAll('~', ''), 'hex').toString('utf8'),
  )
}

/** Every byte of the character's UTF-8. */
export function escapeCharacter(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `~${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}
