import { AppError } from '@heirloom/errors'

/** The CONFLICT of a write whose expectation failed; `failed` are positions in the transact. */
export function conflict(failed: readonly number[], cause?: unknown): AppError {
  return new AppError('CONFLICT', 'the record changed since it was read', {
    details: { failed },
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * The positions of the writes whose expectation failed; empty when the backend could not tell;
 * null when the error is none of these.
 */
export function failedWrites(error: unknown): readonly number[] | null {
  if (!(error instanceof AppError) || error.code !== 'CONFLICT') return null
  const { failed } = error.details
  return Array.isArray(failed) ? failed.filter((index) => typeof index === 'number') : []
}
