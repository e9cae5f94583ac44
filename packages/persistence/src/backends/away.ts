import type { AppError } from '@heirloom/errors'

const marked = new WeakSet<Error>()

/**
 * Marks an error that says that the backend as a whole does not answer: not reached, silent,
 * failing. One that throttles, or refuses what it was asked, answers; and one tenant's hot partition
 * must not take everybody's data away.
 */
export function asAway(error: AppError): AppError {
  marked.add(error)
  return error
}

export function isAway(error: unknown): boolean {
  return error instanceof Error && marked.has(error)
}
