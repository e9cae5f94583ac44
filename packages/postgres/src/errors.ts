import pg from 'pg'
import { AppError } from '@heirloom/errors'

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const uniqueViolation = '23505'
const serializationFailure = '40001'
const deadlockDetected = '40P01'
const queryCanceled = '57014'
// NUL, which Postgres keeps in no text: character_not_in_repertoire, untranslatable_character.
const notText = ['22021', '22P05']
const unavailableClasses = ['08', '53', '57']

/** Translates Postgres' errors at this edge; what is no database error passes through. */
export function databaseError(error: unknown): unknown {
  if (error instanceof AppError) return error
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? ''
    if (code === uniqueViolation) {
      return new AppError('CONFLICT', 'this is already there', { cause: error })
    }
    if (code === serializationFailure || code === deadlockDetected) {
      return new AppError('CONFLICT', 'somebody else changed the same data; try again', {
        cause: error,
      })
    }
    if (notText.includes(code)) {
      return new AppError('INVALID_INPUT', 'a text holds a character that cannot be kept', {
        cause: error,
      })
    }
    if (code === queryCanceled) {
      return new AppError('TIMEOUT', 'the database took too long', { cause: error })
    }
    if (unavailableClasses.includes(code.slice(0, 2))) return unavailable(error)
    return error
  }
  return isConnectionError(error) ? unavailable(error) : error
}

function unavailable(cause: unknown): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'the database cannot be reached', { cause })
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string') {
    return ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'].includes(error.code)
  }
  return /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
}
