import { AppError } from '@heirloom/errors'
import type { LoginOutcome, User, UserChange, UserStore } from '@heirloom/persistence'
import type { Stores } from './stores.js'

/** A user as it leaves the service: with its database, and without the hash of its password. */
export interface PlacedUser extends Omit<User, 'passwordHash'> {
  readonly database: string
  readonly hasPassword: boolean
}

/** The user was not as expected; `current` is what is there now. */
export interface UserChanged {
  readonly code: 'CONFLICT'
  readonly message: string
  readonly current: PlacedUser | null
}

/** More would not be a grace, but a token that is good. */
const maxGraceSeconds = 300

export function placedUser(database: string, { passwordHash, ...user }: User): PlacedUser {
  return { ...user, database, hasPassword: passwordHash !== null }
}

/**
 * Writes, and tells of a conflict as a result; `find` finds who is in the way.
 * @throws AppError FORBIDDEN, DATABASE_UNKNOWN, NOT_FOUND, INVALID_INPUT
 */
export async function writeUser(
  stores: Stores,
  database: string,
  write: (store: UserStore) => Promise<User>,
  find: (store: UserStore) => Promise<User | null>,
): Promise<{ readonly user: PlacedUser } | UserChanged> {
  const store = stores.users()
  try {
    return { user: placedUser(database, await write(store)) }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error
    const found = await find(store)
    const current = found === null ? null : placedUser(database, found)
    return { code: 'CONFLICT', message: error.message, current }
  }
}

/** What is to be changed: null, where it removes nothing, is as good as not given. */
export function userChange(input: {
  readonly passwordHash?: string | null | undefined
  readonly roles?: readonly string[] | null | undefined
  readonly disabled?: boolean | null | undefined
  readonly profile?: unknown
}): UserChange {
  const { passwordHash, roles, disabled, profile } = input
  return {
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...(roles === undefined || roles === null ? {} : { roles }),
    ...(disabled === undefined || disabled === null ? {} : { disabled }),
    ...(profile === undefined || profile === null
      ? {}
      : { profile: profile as NonNullable<UserChange['profile']> }),
  }
}

/** @throws AppError INVALID_INPUT for a lock without its end, or the other way round */
export function loginOutcome(input: {
  readonly succeeded: boolean
  readonly lockAfterFailures?: number | null | undefined
  readonly lockUntil?: Date | null | undefined
}): LoginOutcome {
  const afterFailures = input.lockAfterFailures ?? null
  const until = input.lockUntil ?? null
  if ((afterFailures === null) !== (until === null)) {
    throw new AppError('INVALID_INPUT', 'a lock needs "lockAfterFailures" and "lockUntil"')
  }
  if (afterFailures !== null && afterFailures < 1) {
    throw new AppError('INVALID_INPUT', '"lockAfterFailures" is at least 1')
  }
  if (input.succeeded) return { ok: true }
  if (afterFailures === null || until === null) return { ok: false }
  return { ok: false, lock: { afterFailures, until } }
}

/** @throws AppError INVALID_INPUT */
export function graceMs(seconds: number): number {
  if (seconds >= 0 && seconds <= maxGraceSeconds) return seconds * 1_000
  throw new AppError('INVALID_INPUT', `"graceSeconds" must be between 0 and ${maxGraceSeconds}`)
}
