import { describe, expect, it } from 'vitest'
import { decodeGedcom } from './decode.js'

const head = (charset: string, name: string): string =>
  `0 HEAD\n1 CHAR ${charset}\n0 @I1@ INDI\n1 NAME ${name}\n0 TRLR\n`
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const utf16be = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16()

describe('the encoding of a file', () => {
  it.each([
    ['UTF-8', Buffer.from(head('UTF-8', 'Brontë')), 'UTF-8'],
    ['UTF-8 behind a byte order mark', Buffer.from(`\ufeff${head('UTF-8', 'Brontë')}`), 'UTF-8'],
    ['decomposed UTF-8', Buffer.from(head('UTF-8', 'Bronte\u0308')), 'UTF-8'],
    [
      'UTF-16, little end first',
      Buffer.from(`\ufeff${head('UNICODE', 'Brontë')}`, 'utf16le'),
      'UTF-16LE',
    ],
    ['UTF-16, big end first', utf16be(`\ufeff${head('UNICODE', 'Brontë')}`), 'UTF-16BE'],
    ['UTF-16 without a mark', Buffer.from(head('UNICODE', 'Brontë'), 'utf16le'), 'UTF-16LE'],
    ['ANSEL', latin1(head('ANSEL', 'Bront\u00e8e')), 'ANSEL'],
  ] as const)('is read: %s', (_what, bytes, encoding) => {
    const decoded = decodeGedcom(bytes)
    expect(decoded.encoding).toBe(encoding)
    expect(decoded.text).toContain('1 NAME Brontë\n')
    expect(decoded.text.startsWith('0 HEAD')).toBe(true)
    expect(decoded.notes).toEqual([])
  })

  it.each([
    ['ANSI', latin1(head('ANSI', 'Brontë')), 'Windows-1252', /ANSI is not a GEDCOM character set/],
    ['IBMPC', latin1(head('IBMPC', 'Bront\u0089')), 'IBM PC (437)', /read as IBM PC/],
    ['MACINTOSH', latin1(head('MACINTOSH', 'Bront\u0091')), 'Macintosh', /read as Macintosh/],
    [
      'ASCII that is not',
      latin1(head('ASCII', 'Brontë')),
      'Windows-1252',
      /says ASCII, but has other/,
    ],
    ['ASCII that is UTF-8', Buffer.from(head('ASCII', 'Brontë')), 'UTF-8', /it was read as UTF-8/],
    ['ANSEL that is UTF-8', Buffer.from(head('ANSEL', 'Brontë')), 'UTF-8', /valid UTF-8/],
    ['an unknown set', Buffer.from(head('KLINGON', 'Brontë')), 'UTF-8', /says KLINGON/],
    [
      'no set',
      Buffer.from('0 HEAD\n0 @I1@ INDI\n1 NAME Brontë\n'),
      'UTF-8',
      /names no character set/,
    ],
    [
      'another set than its mark',
      Buffer.from(`\ufeff${head('ANSEL', 'Brontë')}`),
      'UTF-8',
      /says ANSEL, but its bytes are UTF-8/,
    ],
  ] as const)('is read with a note: %s', (_what, bytes, encoding, note) => {
    const decoded = decodeGedcom(bytes)
    expect(decoded.encoding).toBe(encoding)
    expect(decoded.text).toContain('1 NAME Brontë\n')
    expect(decoded.notes.join()).toMatch(note)
  })

  it('counts what it could not read', () => {
    const decoded = decodeGedcom(latin1(head('UTF-8', 'Brontë')))
    expect(decoded.text).toContain('Bront\ufffd')
    expect(decoded.notes).toEqual(['1 characters could not be read as UTF-8 and stand as \ufffd'])
  })

  it('is not taken from a later record that looks like a head', () => {
    const bytes = Buffer.from('0 HEAD\n0 @N1@ NOTE\n1 CHAR ANSEL\n0 @I1@ INDI\n1 NAME Brontë\n')
    expect(decodeGedcom(bytes).declared).toBeNull()
  })
})
