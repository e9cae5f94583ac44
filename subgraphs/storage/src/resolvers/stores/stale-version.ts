import { AppError } from '@heirloom/errors'
import type { StaleVersion } from '../../generated/resolvers.js'

/** An outcome that a client handles: as a result, and not as an error. */
export async function orStale<T>(work: Promise<T>): Promise<T | StaleVersion> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'STALE_REVISION') throw error
    const { expected, current } = error.details
    const { code, message } = error
    return { code, message, expected: Number(expected), current: Number(current) }
  }
}

export function isStale(result: object): result is StaleVersion {
  return 'code' in result
}
