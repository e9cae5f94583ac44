import type { Problem, SkippedLines, TreeReport } from '@heirloom/gedcom'

const shortProblems = 10
const shortKinds = 10

/** What the file holds, in one or two lines. */
export function summaryText(file: string, report: TreeReport): string {
  const { counts, writtenBy, version, encoding } = report
  const facts = [
    version === null ? null : `GEDCOM ${version}`,
    encoding,
    writtenBy === null || writtenBy === '' ? null : `written by ${writtenBy}`,
  ]
  return `${file}: ${facts.filter((fact) => fact !== null).join(', ')}
${number(counts.people)} people in ${number(counts.families)} families: ${number(counts.parentLinks)} parent links, ${number(counts.partnerLinks)} couples
`
}

/** Problems and what was not taken over; the short form points to the long one. */
export function reportText(report: TreeReport, full: boolean): string {
  const { problems, problemsLeftOut, skipped } = report
  return problemsText(problems, problemsLeftOut, full) + skippedText(skipped, full)
}

function problemsText(problems: readonly Problem[], leftOut: number, full: boolean): string {
  const total = problems.length + leftOut
  if (total === 0) return '\nNo problems in the file.\n'
  const shown = full ? problems : problems.slice(0, shortProblems)
  const lines = shown.map(({ line, text, reason }) => {
    const where = line === 0 ? '' : `line ${line}: `
    return `  ${where}${reason}${text === '' ? '' : `\n      ${oneLine(text)}`}\n`
  })
  const more = total - shown.length
  return `\nProblems in the file (${number(total)}):\n${lines.join('')}${moreText(more, full)}`
}

function skippedText(skipped: readonly SkippedLines[], full: boolean): string {
  if (skipped.length === 0) return '\nEvery line was taken over.\n'
  const shown = full ? skipped : skipped.slice(0, shortKinds)
  const width = Math.max(...shown.map(({ path }) => path.length))
  const lines = shown.map(({ path, reason, count, lines: [first = 0], example }) => {
    const sample =
      example === '' ? `line ${first}` : `line ${first}: ${oneLine(example).slice(0, 60)}`
    const why = reason === 'not kept' ? '' : `${reason}; `
    return `  ${number(count).padStart(7)}  ${path.padEnd(width)}  ${why}${sample}\n`
  })
  const total = skipped.reduce((sum, { count }) => sum + count, 0)
  return `\nRead, but not kept (${number(total)} lines of ${skipped.length} kinds):\n${lines.join('')}${moreText(skipped.length - shown.length, full)}`
}

function moreText(more: number, full: boolean): string {
  if (more <= 0) return ''
  return full
    ? `  and ${number(more)} more\n`
    : `  and ${number(more)} more: --report FILE writes them all\n`
}

/** What a file says must not steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

export function number(value: number): string {
  return value.toLocaleString('en')
}
