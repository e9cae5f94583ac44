import {
  MongoError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'
import { AppError } from '@heirloom/errors'

// https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
const duplicateKey = 11_000
const cannotIndexParallelArrays = 171
const objectTooLarge = 10_334
const timeouts: readonly unknown[] = [50, 262, 89]
const resumeTokenMalformed: readonly unknown[] = [260, 9, 40_647, 40_649, 50_811]
// History lost, change stream fatal, no matching document (the pre-image), invalidated collection.
const positionGone: readonly unknown[] = [286, 280, 47, 234]
const unavailable: readonly unknown[] = [
  6, 7, 13, 18, 91, 189, 10_107, 11_600, 11_602, 13_435, 13_436, 133, 134, 26, 211, 237, 43,
]

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === duplicateKey
}

/** Translates the driver's errors at this edge; what is no error of MongoDB passes through. */
export function mongoError(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error
  if (error instanceof MongoNetworkTimeoutError || timeouts.includes(error.code)) {
    return new AppError('TIMEOUT', 'MongoDB took too long', { cause: error })
  }
  if (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNetworkError ||
    unavailable.includes(error.code) ||
    error.hasErrorLabel('RetryableWriteError') ||
    /closed|topology|pool/i.test(error.name)
  ) {
    return new AppError('BACKEND_UNAVAILABLE', 'MongoDB cannot be reached', { cause: error })
  }
  if (error.code === cannotIndexParallelArrays) {
    return new AppError('INVALID_INPUT', 'an indexed field holds no array', { cause: error })
  }
  if (error.code === objectTooLarge) {
    return new AppError('PAYLOAD_TOO_LARGE', 'the document is too large', { cause: error })
  }
  if (isDuplicateKey(error)) {
    return new AppError('CONFLICT', 'this is already there', { cause: error })
  }
  return error
}

/** The same for a change stream, where the position can be what is wrong. */
export function watchError(error: unknown): unknown {
  if (error instanceof MongoError) {
    if (resumeTokenMalformed.includes(error.code)) {
      return new AppError('CURSOR_INVALID', 'this resume token is malformed', { cause: error })
    }
    if (positionGone.includes(error.code)) {
      return new AppError(
        'CURSOR_EXPIRED',
        'the changes after this position are not kept any more: read the documents again',
        { cause: error },
      )
    }
  }
  return mongoError(error)
}

export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw mongoError(error)
  }
}
