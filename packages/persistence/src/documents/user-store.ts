import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { LoginOutcome, User, UserId, Users, UserStore } from '../ports/user-store.js'
import { checkedData, isStorableText } from './data.js'
import type { Databases } from './databases.js'
import { databaseId, hash128, type Scope } from './ids.js'
import { decodeToken, encodeToken } from './token.js'
import type { UserTable } from './user-table.js'

export interface UsersOptions {
  readonly databases: Databases<UserTable>
  readonly now: () => number
  readonly ensureIndexes: () => Promise<void>
  readonly close: () => Promise<void>
}

const maxUsernameBytes = 256
const maxTextBytes = 4_096
const maxRoles = 100
const maxListLimit = 1_000

/** The one implementation of the port, over whatever tables the databases are bound to. */
export function createUsers(options: UsersOptions): Users {
  const { ensureIndexes, close } = options
  return { for: (tenant) => userStore(options, tenant), ensureIndexes, close }
}

function userStore({ databases, now }: UsersOptions, tenant: TenantId): UserStore {
  async function change(
    database: string,
    id: string,
    next: (current: User) => User,
  ): Promise<User> {
    const table = databases.resolve(tenant, database)
    return table.change({ tenant, database }, id, (current) => {
      if (current === null) throw new AppError('NOT_FOUND', 'there is no such user')
      return next(current)
    })
  }

  return {
    createUser: async (database, input) => {
      const table = databases.resolve(tenant, database)
      const username = normalised(input.username)
      const at = new Date(now())
      const user: User = {
        id: databaseId(database, username) as UserId,
        username,
        ...checkedFields(input),
        version: 1,
        createdAt: at,
        updatedAt: at,
        lastLoginAt: null,
        failedLogins: 0,
        lockedUntil: null,
      }
      return table.change({ tenant, database }, user.id, (current) => {
        if (current === null) return user
        throw new AppError('CONFLICT', 'this username is taken')
      })
    },

    getUserByUsername: async (database, username) =>
      databases
        .resolve(tenant, database)
        .readByUsername({ tenant, database }, normalised(username)),

    getUserByID: async (database, id) => {
      const table = databases.resolve(tenant, database)
      return isIdOf(database, id) ? table.read({ tenant, database }, id) : null
    },

    updateUserLoginStats: async (database, id, outcome) => {
      const at = new Date(now())
      const user = await change(database, id, (current) => ({
        ...current,
        ...loginStats(current, outcome, at),
      }))
      const { lastLoginAt, failedLogins, lockedUntil } = user
      return { lastLoginAt, failedLogins, lockedUntil }
    },

    listUsers: async (database, { limit, token }) => {
      const table = databases.resolve(tenant, database)
      if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxListLimit) {
        throw new AppError('INVALID_INPUT', `a page has 1 to ${maxListLimit} users`)
      }
      const scope = { tenant, database }
      const after = token === undefined ? '' : readListToken(scope, token)
      const found = await table.list(scope, after, limit + 1)
      const users = found.slice(0, limit)
      const last = users.at(-1)
      const more = found.length > limit && last !== undefined
      return { users, next: more ? listToken(scope, last.username) : null }
    },

    updateUser: async (database, id, input, { ifVersion } = {}) =>
      change(database, id, (current) => {
        if (ifVersion !== undefined && ifVersion !== current.version) {
          throw new AppError('CONFLICT', 'the user changed since it was read', {
            details: { version: current.version },
          })
        }
        return {
          ...current,
          ...checkedFields({ ...current, ...defined(input) }),
          version: current.version + 1,
          updatedAt: new Date(now()),
        }
      }),
  }
}

/** @throws AppError INVALID_INPUT */
function normalised(username: string): string {
  const name = typeof username === 'string' ? username.normalize('NFKC').toLowerCase() : ''
  if (name === '' || name !== name.trim() || /[\p{Cc}\p{Surrogate}]/u.test(name)) {
    throw new AppError('INVALID_INPUT', 'a username has characters, and no spaces around them')
  }
  if (Buffer.byteLength(name) > maxUsernameBytes) {
    throw new AppError('INVALID_INPUT', `a username has at most ${maxUsernameBytes} bytes`)
  }
  return name
}

type Fields = Pick<User, 'passwordHash' | 'roles' | 'disabled' | 'profile'>

function checkedFields(input: Partial<Fields>): Fields {
  const { passwordHash = null, roles = [], disabled = false, profile = {} } = input
  const texts = passwordHash === null ? roles : [...roles, passwordHash]
  const good = (text: unknown): boolean =>
    typeof text === 'string' && isStorableText(text) && Buffer.byteLength(text) <= maxTextBytes
  if (!Array.isArray(roles) || roles.length > maxRoles || !texts.every(good)) {
    throw new AppError('INVALID_INPUT', 'roles and the password’s hash are texts of moderate size')
  }
  if (typeof disabled !== 'boolean')
    throw new AppError('INVALID_INPUT', 'disabled is true or false')
  return { passwordHash, roles: [...roles], disabled, profile: checkedData(profile, 'the profile') }
}

/** A field that is given as undefined is a field that is not given. */
function defined<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  ) as Partial<T>
}

function loginStats(
  current: User,
  outcome: LoginOutcome,
  at: Date,
): Pick<User, 'lastLoginAt' | 'failedLogins' | 'lockedUntil'> {
  if (outcome.ok) return { lastLoginAt: at, failedLogins: 0, lockedUntil: null }
  const failedLogins = current.failedLogins + 1
  const locked = outcome.lock !== undefined && failedLogins >= outcome.lock.afterFailures
  return {
    lastLoginAt: current.lastLoginAt,
    failedLogins,
    lockedUntil: locked ? (outcome.lock?.until ?? null) : current.lockedUntil,
  }
}

function isIdOf(database: string, id: string): boolean {
  return id.startsWith(`${database}:`) && /^[0-9a-f]{32}$/.test(id.slice(database.length + 1))
}

function listToken(scope: Scope, username: string): string {
  return encodeToken([hash128(scopeText(scope)), username])
}

function readListToken(scope: Scope, token: string): string {
  const [of, username] = decodeToken(token)
  if (of === hash128(scopeText(scope)) && typeof username === 'string') return username
  throw new AppError('CURSOR_INVALID', 'this page token belongs to another list')
}

function scopeText({ tenant, database }: Scope): string {
  return `users of ${tenant}/${database}`
}
