import { AppError } from '@heirloom/errors'

const messages: Readonly<Record<string, string>> = {
  EACCES: 'the folder for records may not be used: give its owner to this process',
  EDQUOT: 'the quota of the folder for records is used up',
  EMFILE: 'this process has too many files open',
  ENOSPC: 'the disk of the folder for records is full',
  EPERM: 'the folder for records may not be used: give its owner to this process',
  EROFS: 'the folder for records is read-only',
}

export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** What the file system answers, as an error of ours that names what helps. */
export function translate(cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const message = Object.hasOwn(messages, code) ? messages[code] : undefined
  return new AppError('BACKEND_UNAVAILABLE', message ?? 'the folder for records cannot be used', {
    cause,
  })
}
