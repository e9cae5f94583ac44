import { AppError } from '@heirloom/errors'
import { databaseError } from '@heirloom/postgres'

// What the driver says of a statement (the rollback, as a rule) on a connection that broke before.
const brokenConnection = / and is not queryable/

// https://www.postgresql.org/docs/current/errcodes-appendix.html: an index row that is too long.
const programLimitExceeded = '54000'

/** What packages/postgres translates, and what means something here only. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error) {
      if (error.code === programLimitExceeded) {
        throw new AppError('INVALID_INPUT', 'a value is too long for an index of its collection', {
          cause: error,
        })
      }
    }
    if (error instanceof Error && brokenConnection.test(error.message)) {
      throw new AppError('BACKEND_UNAVAILABLE', 'the database cannot be reached', { cause: error })
    }
    throw databaseError(error)
  }
}
