import { AppError } from '@heirloom/errors'
import { hash128, scopePrefix, type Scope } from './ids.js'
import { decodeToken, encodeToken } from './token.js'

/** What a watch covers; a token is good for exactly that. */
export interface WatchTarget extends Scope {
  readonly collection: string | undefined
  /** The configured name of the backend: another one counts its positions differently. */
  readonly backend: string
}

const version = 1

export function resumeToken(target: WatchTarget, position: string): string {
  return encodeToken([version, digest(target), target.backend, position])
}

/** @throws AppError CURSOR_INVALID, CURSOR_EXPIRED */
export function readResumeToken(target: WatchTarget, token: string): string {
  const [tokenVersion, of, backend, position] = decodeToken(token)
  if (tokenVersion !== version || of !== digest(target) || typeof position !== 'string') {
    throw new AppError('CURSOR_INVALID', 'this resume token belongs to another watch')
  }
  if (backend !== target.backend) {
    throw new AppError(
      'CURSOR_EXPIRED',
      'the database has moved since: read its documents again, and watch from now',
    )
  }
  return position
}

function digest(target: WatchTarget): string {
  return hash128(JSON.stringify([scopePrefix(target), target.collection ?? null]))
}
