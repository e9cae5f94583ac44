import { AppError } from '@heirloom/errors'
import { limits } from './limits.js'
import { quoted, type ProblemLog } from './problems.js'

/** One line of the grammar: `level [@xref@] tag [value]`. */
export interface GedcomLine {
  readonly level: number
  /** Without the at signs. */
  readonly xref: string | null
  readonly tag: string
  /** Everything after the one space behind the tag, `@@` still doubled. */
  readonly value: string
}

/** A line that does not follow the grammar; `level` is what could still be read of it. */
export interface BrokenLine {
  readonly level: number | null
  readonly reason: string
}

export interface NumberedLine {
  readonly number: number
  readonly text: string
  readonly parsed: GedcomLine | BrokenLine
}

const grammar =
  /^(\d{1,2})[ \t]+(?:@([^@\s][^@]{0,99})@[ \t]+)?([A-Za-z0-9_]{1,31})(?:[ \t](.*))?$/s
const levelOnly = /^(\d{1,2})(?!\d)/
const controls = /[^\P{Cc}\t]/gu

export function parseLine(text: string): GedcomLine | BrokenLine {
  const line = text.trimStart()
  const match = grammar.exec(line)
  if (match !== null) {
    const [, level, xref, tag, value] = match
    return {
      level: Number(level),
      xref: xref?.trim() ?? null,
      tag: (tag ?? '').toUpperCase(),
      value: value ?? '',
    }
  }
  const level = levelOnly.exec(line)?.[1]
  return { level: level === undefined ? null : Number(level), reason: whyBroken(line) }
}

export function isBroken(parsed: GedcomLine | BrokenLine): parsed is BrokenLine {
  return 'reason' in parsed
}

/** The inverse of `parseLine`. */
export function formatLine({ level, xref, tag, value }: GedcomLine): string {
  return `${level} ${xref === null ? '' : `@${xref}@ `}${tag}${value === '' ? '' : ` ${value}`}`
}

function whyBroken(line: string): string {
  if (!/^\d/.test(line)) return 'does not begin with a level number'
  if (/^\d{3}/.test(line)) return `the level is higher than ${limits.level}`
  const rest = line.replace(/^\d+/, '')
  if (!/^[ \t]/.test(rest)) return rest === '' ? 'has no tag' : 'no space follows the level number'
  const named = rest.trimStart()
  if (named === '') return 'has no tag'
  if (named.startsWith('@'))
    return 'the identifier between @ signs, or the tag after it, cannot be read'
  return 'the tag cannot be read: it may hold letters, digits and underscores only, at most 31'
}

/**
 * The lines of a text, ended by LF, CR or CRLF (one file may mix them). Blank lines are passed
 * over. Control characters are taken out and reported: no database takes them, and a letter lost
 * is less than the line.
 */
export function* readLines(text: string, problems: ProblemLog): Generator<NumberedLine> {
  const end = /\r\n|\n|\r/g
  let start = 0
  for (let number = 1; start < text.length; number += 1) {
    end.lastIndex = start
    const found = end.exec(text)
    const raw = text.slice(start, found === null ? text.length : found.index)
    start = found === null ? text.length : end.lastIndex
    // Ctrl-Z ended files under DOS.
    if (raw.trim() === '' || raw === '\u001a') continue
    yield numbered(number, raw, problems)
  }
}

function numbered(number: number, raw: string, problems: ProblemLog): NumberedLine {
  if (raw.length > limits.lineCharacters) {
    const reason = `has ${raw.length} characters; at most ${limits.lineCharacters} are read`
    const level = levelOnly.exec(raw.slice(0, 8).trimStart())?.[1]
    const parsed = { level: level === undefined ? null : Number(level), reason }
    return { number, text: quoted(raw), parsed }
  }
  const text = raw.replace(controls, '')
  if (text.length !== raw.length) {
    const reason = 'control characters were taken out'
    problems.add({ kind: 'malformed-line', line: number, text, reason })
  }
  return { number, text, parsed: parseLine(text) }
}

/** @throws AppError GEDCOM_INVALID unless the first line that is not blank is `0 HEAD` */
export function requireHead(text: string): void {
  const start = text.search(/\S/)
  if (start === -1) throw new AppError('GEDCOM_INVALID', 'this is no GEDCOM file: it is empty')
  const first = /^[^\r\n]*/.exec(text.slice(start, start + limits.lineCharacters))?.[0] ?? ''
  const line = parseLine(first)
  if (!isBroken(line) && line.level === 0 && line.tag === 'HEAD') return
  throw new AppError(
    'GEDCOM_INVALID',
    `this is no GEDCOM file: it begins with ${JSON.stringify(quoted(first))} instead of "0 HEAD"`,
    { details: { first_line: quoted(first) } },
  )
}
