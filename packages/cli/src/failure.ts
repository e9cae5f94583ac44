import { HeirloomError } from '@heirloom/client'
import { AppError } from '@heirloom/errors'
import { CliError } from './cli-error.js'

/** What to do about a failure of the API, by its code. */
const remedies: Readonly<Record<string, string>> = {
  CONNECTION_LOST: 'Is the system running? Start it with "npm start", or name another with --url.',
  UNAUTHENTICATED: 'The token was not taken: leave --token out, or give a fresh one.',
  TOKEN_EXPIRED: 'The token is too old: leave --token out, or give a fresh one.',
  TOKEN_INVALID: 'The token was not taken: leave --token out, or give a fresh one.',
  FORBIDDEN: 'The role of this token does not allow it: importing takes an editor or an owner.',
  CURSOR_INVALID: 'Leave --after out to start now, or give a cursor of this very stream.',
  CURSOR_EXPIRED: 'The stream no longer reaches back so far: leave --after out to start now.',
}

export function describeFailure(error: unknown): { code: string; message: string } {
  if (error instanceof HeirloomError) {
    const remedy = remedies[error.code]
    const message = `${error.message} (${error.code})`
    return { code: error.code, message: remedy === undefined ? message : `${message}\n${remedy}` }
  }
  if (error instanceof CliError || error instanceof AppError) {
    return { code: error.code, message: error.message }
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code: 'INTERNAL', message: `something unforeseen went wrong: ${message}` }
}
