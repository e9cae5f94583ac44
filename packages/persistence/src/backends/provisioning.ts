import type { ProvisionRefusal, ProvisionReport } from './backend.js'

/** One thing that a backend needs. */
export interface ProvisionStep {
  /** In a few words; the same in every run, so that two reports can be compared. */
  readonly name: string
  readonly isThere: () => Promise<boolean>
  /** A text where there is no request for it: why. */
  readonly make: (() => Promise<unknown>) | string
  /** What an operator with more rights runs instead; null where no command can do it. */
  readonly command: string | null
}

/** One after the other, each whether or not the one before was refused. */
export async function provisionAll(
  steps: readonly ProvisionStep[],
  reasonOf: (error: unknown) => string,
): Promise<ProvisionReport> {
  const done: string[] = []
  const found: string[] = []
  const refused: ProvisionRefusal[] = []
  for (const { name: step, isThere, make, command } of steps) {
    try {
      if (await isThere()) found.push(step)
      else if (typeof make === 'string') refused.push({ step, reason: make, command })
      else {
        await make()
        done.push(step)
      }
    } catch (error) {
      refused.push({ step, reason: reasonOf(error), command })
    }
  }
  return { done, found, refused }
}

export function joinReports(reports: readonly ProvisionReport[]): ProvisionReport {
  return {
    done: reports.flatMap(({ done }) => done),
    found: reports.flatMap(({ found }) => found),
    refused: reports.flatMap(({ refused }) => refused),
  }
}

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/

export type Words = readonly (string | readonly string[])[]

/** A command line for a POSIX shell, in which every word stays one word. */
export function shellCommand(...words: Words): string {
  return words
    .flat()
    .map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ')
}
