import { decodeGedcom, type DecodedText } from './decode.js'
import { limits } from './limits.js'
import { isBroken, readLines, requireHead, type GedcomLine, type NumberedLine } from './lines.js'
import { createProblemLog, type ProblemLog } from './problems.js'

/** A line with the lines that belong to it. */
export interface GedcomRecord {
  readonly xref: string | null
  readonly tag: string
  /** With CONT and CONC lines joined in, and `@@` read as `@`. */
  readonly value: string
  /** The identifier that the value points to, when it is a pointer. */
  readonly pointer: string | null
  /** Counted from 1. */
  readonly line: number
  readonly children: readonly GedcomRecord[]
}

export interface GedcomFile {
  readonly decoded: DecodedText
  /** The records of level 0 in the order of the file; each is read when it is asked for. */
  readonly records: Iterable<GedcomRecord>
  /** Filled while the records are read. */
  readonly problems: ProblemLog
}

interface Draft {
  readonly xref: string | null
  readonly tag: string
  value: string
  readonly line: number
  readonly children: Draft[]
}

/**
 * What stands on the stack for a line that could not be read: whatever belongs to it is
 * reported too, since it would otherwise be taken for a part of the line before.
 */
interface Gap {
  readonly brokenLine: number
}

/**
 * @throws AppError GEDCOM_INVALID when the bytes are no GEDCOM at all, PAYLOAD_TOO_LARGE when
 * there are too many; single lines that are wrong never throw, they become problems
 */
export function openGedcom(bytes: Uint8Array): GedcomFile {
  const decoded = decodeGedcom(bytes)
  requireHead(decoded.text)
  const problems = createProblemLog()
  for (const reason of decoded.notes) problems.add({ kind: 'encoding', line: 0, text: '', reason })
  return { decoded, problems, records: readRecords(decoded.text, problems) }
}

export function* readRecords(text: string, problems: ProblemLog): Generator<GedcomRecord> {
  let stack: (Draft | Gap)[] = []
  for (const line of readLines(text, problems)) {
    const { parsed } = line
    const report = (reason: string): void =>
      problems.add({ kind: 'malformed-line', line: line.number, text: line.text, reason })

    if (isBroken(parsed)) {
      report(parsed.reason)
      if (parsed.level !== null && parsed.level <= stack.length) {
        const done = parsed.level === 0 ? stack[0] : undefined
        if (done !== undefined && !isGap(done)) yield finish(done)
        stack = [...stack.slice(0, parsed.level), { brokenLine: line.number }]
      }
      continue
    }
    if (parsed.level > stack.length) {
      report(`the level jumps from ${stack.length - 1} to ${parsed.level}`)
      continue
    }
    if (parsed.level === 0) {
      const done = stack[0]
      if (done !== undefined && !isGap(done)) yield finish(done)
      stack = [draft(parsed, line.number)]
      continue
    }
    stack.length = parsed.level
    const reason = place(parsed, line, stack)
    if (reason !== null) report(reason)
  }
  const last = stack[0]
  if (last !== undefined && !isGap(last)) yield finish(last)
}

/** Puts a line below its parent, or says why it cannot. */
function place(parsed: GedcomLine, line: NumberedLine, stack: (Draft | Gap)[]): string | null {
  const parent = stack.at(-1)
  if (parent === undefined || isGap(parent)) {
    stack.push(parent ?? { brokenLine: line.number })
    return `belongs to line ${parent?.brokenLine ?? 0}, which could not be read`
  }
  if (parsed.tag !== 'CONT' && parsed.tag !== 'CONC') {
    const child = draft(parsed, line.number)
    parent.children.push(child)
    stack.push(child)
    return null
  }
  stack.push({ brokenLine: line.number })
  const joined = parent.value + (parsed.tag === 'CONT' ? '\n' : '') + parsed.value
  if (joined.length > limits.valueCharacters) {
    return `the text of line ${parent.line} is longer than ${limits.valueCharacters} characters`
  }
  parent.value = joined
  return null
}

function isGap(entry: Draft | Gap): entry is Gap {
  return 'brokenLine' in entry
}

function draft(parsed: GedcomLine, line: number): Draft {
  return { xref: parsed.xref, tag: parsed.tag, value: parsed.value, line, children: [] }
}

const pointerGrammar = /^@([^@#\s][^@]*)@$/

function finish({ xref, tag, value, line, children }: Draft): GedcomRecord {
  const pointer = pointerGrammar.exec(value.trim())?.[1]?.trim() ?? null
  return {
    xref,
    tag,
    value: value.replaceAll('@@', '@'),
    pointer,
    line,
    children: children.map(finish),
  }
}
