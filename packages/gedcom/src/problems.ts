import { limits } from './limits.js'

export type ProblemKind =
  | 'encoding'
  | 'malformed-line'
  | 'structure'
  | 'duplicate-xref'
  | 'dangling-xref'
  | 'disagreement'
  | 'cycle'

/** Something in the file that is wrong, where it is, and what was made of it. */
export interface Problem {
  readonly kind: ProblemKind
  /** Counted from 1; 0 when the problem is the file's as a whole. */
  readonly line: number
  readonly text: string
  readonly reason: string
}

export interface ProblemLog {
  add(problem: Problem): void
  readonly found: readonly Problem[]
  /** How many more there were than are kept. */
  readonly leftOut: number
}

export function createProblemLog(): ProblemLog {
  const found: Problem[] = []
  let leftOut = 0
  return {
    add: (problem) => {
      if (found.length < limits.problems) found.push({ ...problem, text: quoted(problem.text) })
      else leftOut += 1
    },
    found,
    get leftOut() {
      return leftOut
    },
  }
}

/** At most a screen line of what the file says. */
export function quoted(text: string): string {
  if (text.length <= limits.quotedCharacters) return text
  // Cutting between two halves of a character would leave text that no database takes.
  return `${text.slice(0, limits.quotedCharacters).replace(/[\uD800-\uDBFF]$/, '')}…`
}
