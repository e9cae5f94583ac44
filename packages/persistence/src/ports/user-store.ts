import type { TenantId } from '@heirloom/tenancy'
import type { JsonObject } from './record-table.js'

declare const brand: unique symbol
export type UserId = string & { readonly [brand]: 'UserId' }

export interface User extends LoginStats {
  /** `{database}:{hash}`: of another database it is another user. */
  readonly id: UserId
  /** Unique in its database, in Unicode's NFKC and lower case; never changes. */
  readonly username: string
  /** As the caller made it; null for one that signs in elsewhere. */
  readonly passwordHash: string | null
  readonly roles: readonly string[]
  readonly disabled: boolean
  readonly profile: JsonObject
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface LoginStats {
  readonly lastLoginAt: Date | null
  /** Failures since the last success. */
  readonly failedLogins: number
  readonly lockedUntil: Date | null
}

export interface NewUser {
  readonly username: string
  readonly passwordHash?: string | null
  readonly roles?: readonly string[]
  readonly disabled?: boolean
  readonly profile?: JsonObject
}

export interface UserChange {
  readonly passwordHash?: string | null
  readonly roles?: readonly string[]
  readonly disabled?: boolean
  readonly profile?: JsonObject
}

/** `lock`: with that many failures in a row the user is locked until then, in the same write. */
export type LoginOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly lock?: { readonly afterFailures: number; readonly until: Date } }

export interface UserPage {
  readonly users: readonly User[]
  readonly next: string | null
}

/**
 * Users of one tenant, in databases that are named by every call and fail closed as those of
 * documents do. Each write is atomic. All methods throw INVALID_INPUT, DATABASE_UNKNOWN,
 * BACKEND_UNAVAILABLE, TIMEOUT.
 */
export interface UserStore {
  /** @throws AppError CONFLICT when the name is taken in this database */
  createUser(database: string, user: NewUser): Promise<User>
  getUserByUsername(database: string, username: string): Promise<User | null>
  getUserByID(database: string, id: string): Promise<User | null>
  /**
   * Counts one attempt; concurrent ones are all counted. A success forgets failures and lock.
   * Does not change `version`: a login never makes somebody's `updateUser` fail.
   * @throws AppError NOT_FOUND
   */
  updateUserLoginStats(database: string, id: string, outcome: LoginOutcome): Promise<LoginStats>
  /** By username, in the order of its UTF-8 bytes. @throws AppError CURSOR_INVALID */
  listUsers(
    database: string,
    page: { readonly limit: number; readonly token?: string },
  ): Promise<UserPage>
  /** @throws AppError NOT_FOUND, CONFLICT when `ifVersion` is not the version any more */
  updateUser(
    database: string,
    id: string,
    change: UserChange,
    condition?: { readonly ifVersion?: number },
  ): Promise<User>
}

export interface Users {
  for(tenant: TenantId): UserStore
  /** Creates what is missing and verifies the rest. @throws AppError BACKEND_UNAVAILABLE */
  ensureIndexes(): Promise<void>
  close(): Promise<void>
}
