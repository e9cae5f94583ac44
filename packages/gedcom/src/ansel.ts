import { anselCombining, anselSpacing } from './ansel-table.js'

const replacement = '\ufffd'
/** More marks than any script stacks on a letter; the rest is damage. */
const maxMarks = 8

/**
 * ANSEL to Unicode in normal form C. A byte that ANSEL does not define, and a mark that no
 * letter follows, becomes U+FFFD: what could not be read stays visible in the text.
 */
export function decodeAnsel(bytes: Uint8Array): string {
  const ascii = new TextDecoder('utf-8', { ignoreBOM: true })
  const parts: string[] = []
  let marks = ''
  let runStart = 0
  const flushRun = (end: number): void => {
    if (end > runStart) parts.push(ascii.decode(bytes.subarray(runStart, end)))
  }

  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80 && marks === '') continue
    flushRun(at)
    runStart = at + 1
    const mark = anselCombining[byte]
    if (mark !== undefined && marks.length < maxMarks) {
      marks += mark
      continue
    }
    const letter = byte < 0x80 ? String.fromCharCode(byte) : (anselSpacing[byte] ?? replacement)
    parts.push(withMarks(letter, marks))
    marks = ''
  }
  flushRun(bytes.length)
  if (marks !== '') parts.push(replacement)
  return parts.join('').normalize('NFC')
}

function withMarks(letter: string, marks: string): string {
  if (marks === '') return letter
  const carriesMarks = letter > ' ' && letter !== '\u007f' && letter !== replacement
  return carriesMarks ? letter + marks : replacement + letter
}
