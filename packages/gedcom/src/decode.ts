import { isUtf8 } from 'node:buffer'
import { AppError } from '@heirloom/errors'
import { decodeAnsel } from './ansel.js'
import { decodeCp437 } from './cp437.js'
import { limits } from './limits.js'

export type Encoding =
  | 'ASCII'
  | 'ANSEL'
  | 'UTF-8'
  | 'UTF-16LE'
  | 'UTF-16BE'
  | 'Windows-1252'
  | 'IBM PC (437)'
  | 'Macintosh'

export interface DecodedText {
  readonly text: string
  /** What the bytes were read as. */
  readonly encoding: Encoding
  /** What HEAD.CHAR says, when it says anything. */
  readonly declared: string | null
  /** Why the bytes were not simply read as declared. */
  readonly notes: readonly string[]
}

/** HEAD is the first record; real ones are a few hundred bytes long. */
const headBytes = 65_536

/**
 * Bytes to text. A byte order mark, or the zero bytes of UTF-16, decide before HEAD.CHAR, since
 * the file could not be read at all if they did not; then HEAD.CHAR, unless the bytes disprove it.
 *
 * @throws AppError PAYLOAD_TOO_LARGE beyond the size limit
 */
export function decodeGedcom(bytes: Uint8Array): DecodedText {
  if (bytes.length > limits.fileBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `the file has ${bytes.length} bytes; at most ${limits.fileBytes} are read`,
    )
  }
  const marked = byMark(bytes)
  if (marked !== null) {
    const text = decoders[marked.encoding](bytes.subarray(marked.skip))
    return described(text, marked.encoding, declaredEncoding(text))
  }
  const declared = declaredEncoding(
    new TextDecoder('windows-1252').decode(bytes.subarray(0, headBytes)),
  )
  const { encoding, note } = choose(declared, bytes)
  return described(decoders[encoding](bytes), encoding, declared, note)
}

function described(
  text: string,
  encoding: Encoding,
  declared: string | null,
  note?: string,
): DecodedText {
  const notes = note === undefined ? [] : [note]
  const says = declared === null ? undefined : names[declared]
  if (note === undefined && says !== undefined && !sameFamily(says, encoding)) {
    notes.push(`the file says ${declared}, but its bytes are ${encoding}, and were read so`)
  }
  const unreadable = text.split('\ufffd').length - 1
  if (unreadable > 0) {
    notes.push(`${unreadable} characters could not be read as ${encoding} and stand as \ufffd`)
  }
  return { text, encoding, declared, notes }
}

function sameFamily(declared: Encoding | 'UTF-16', used: Encoding): boolean {
  if (declared === 'UTF-16') return used.startsWith('UTF-')
  return declared === used || declared === 'ASCII'
}

function byMark(bytes: Uint8Array): { encoding: Encoding; skip: number } | null {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'UTF-8', skip: 3 }
  if (first === 0xff && second === 0xfe) return { encoding: 'UTF-16LE', skip: 2 }
  if (first === 0xfe && second === 0xff) return { encoding: 'UTF-16BE', skip: 2 }
  // Without a mark: "0 HEAD" in two bytes each.
  if (first === 0x30 && second === 0) return { encoding: 'UTF-16LE', skip: 0 }
  if (first === 0 && second === 0x30) return { encoding: 'UTF-16BE', skip: 0 }
  return null
}

function declaredEncoding(text: string): string | null {
  const head = /^[^]*?[\r\n]\s*0\s/.exec(text.slice(0, headBytes))?.[0] ?? text.slice(0, headBytes)
  const value = /[\r\n]\s*1\s+CHAR\s+([^\r\n]*)/i.exec(head)?.[1]?.trim().toUpperCase()
  return value === undefined || value === '' ? null : value
}

const names: Readonly<Record<string, Encoding | 'UTF-16'>> = {
  ANSEL: 'ANSEL',
  ASCII: 'ASCII',
  'US-ASCII': 'ASCII',
  'UTF-8': 'UTF-8',
  UTF8: 'UTF-8',
  UNICODE: 'UTF-16',
  'UTF-16': 'UTF-16',
  ANSI: 'Windows-1252',
  WINDOWS: 'Windows-1252',
  'WINDOWS-1252': 'Windows-1252',
  CP1252: 'Windows-1252',
  'ISO-8859-1': 'Windows-1252',
  ISO8859: 'Windows-1252',
  LATIN1: 'Windows-1252',
  IBMPC: 'IBM PC (437)',
  'IBM-PC': 'IBM PC (437)',
  IBM: 'IBM PC (437)',
  'IBM DOS': 'IBM PC (437)',
  CP437: 'IBM PC (437)',
  OEM: 'IBM PC (437)',
  MACINTOSH: 'Macintosh',
  MAC: 'Macintosh',
}

function choose(declared: string | null, bytes: Uint8Array): { encoding: Encoding; note?: string } {
  const says = declared === null ? undefined : names[declared]
  if (!bytes.some((byte) => byte >= 0x80)) {
    return { encoding: says === undefined || says === 'UTF-16' ? 'ASCII' : says }
  }
  const validUtf8 = isUtf8(bytes)
  if (says === 'UTF-8') return { encoding: 'UTF-8' }
  if (says === 'ANSEL') {
    if (!validUtf8) return { encoding: 'ANSEL' }
    return {
      encoding: 'UTF-8',
      note: 'the file says ANSEL, but its bytes are valid UTF-8, which ANSEL text practically never is, and were read so',
    }
  }
  if (says !== undefined && says !== 'ASCII' && says !== 'UTF-16') {
    return {
      encoding: says,
      note: `${declared} is not a GEDCOM character set that names one encoding; it was read as ${says}`,
    }
  }
  const encoding = validUtf8 ? 'UTF-8' : 'Windows-1252'
  const what = declared === null ? 'names no character set' : `says ${declared}`
  return { encoding, note: `the file ${what}, but has other bytes; it was read as ${encoding}` }
}

const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8').decode(bytes).normalize('NFC')

const decoders: Readonly<Record<Encoding, (bytes: Uint8Array) => string>> = {
  ANSEL: decodeAnsel,
  ASCII: utf8,
  'UTF-8': utf8,
  'UTF-16LE': (bytes) => new TextDecoder('utf-16le').decode(bytes).normalize('NFC'),
  'UTF-16BE': (bytes) => new TextDecoder('utf-16be').decode(bytes).normalize('NFC'),
  'Windows-1252': (bytes) => new TextDecoder('windows-1252').decode(bytes),
  'IBM PC (437)': decodeCp437,
  Macintosh: (bytes) => new TextDecoder('macintosh').decode(bytes),
}
