/**
 * UserTable on Postgres: a row each, locked while it is changed. The primary key is derived from
 * the username, and a unique index over database and username says so in the schema too.
 */
import { sql, type RawBuilder } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { Scope } from '../../documents/ids.js'
import type { UserTable } from '../../documents/user-table.js'
import type { JsonObject } from '../../ports/record-table.js'
import type { User, UserId } from '../../ports/user-store.js'
import type { PostgresDocuments } from './connection.js'
import { verifyIndexes } from './indexes.js'
import { requiredUserIndexes } from './schema.js'

interface UserRow {
  readonly id: string
  readonly username: string
  readonly password_hash: string | null
  readonly roles: readonly string[]
  readonly disabled: boolean
  readonly profile: JsonObject
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly last_login_at: Date | null
  readonly failed_logins: number
  readonly locked_until: Date | null
}

const columns = sql`id, username, password_hash, roles, disabled, profile, version, created_at,
  updated_at, last_login_at, failed_logins, locked_until`
const maxAttempts = 10

export function createPostgresUserTable({ database, close }: PostgresDocuments): UserTable {
  async function select(scope: Scope, rest: RawBuilder<unknown>): Promise<readonly User[]> {
    const { rows } = await database.for(scope.tenant).transaction((trx) =>
      sql<UserRow>`select ${columns} from document_user
        where tenant_id = ${scope.tenant} and database = ${scope.database} and ${rest}`.execute(
        trx,
      ),
    )
    return rows.map(toUser)
  }

  return {
    read: async (scope, id) => (await select(scope, sql`id = ${id}`))[0] ?? null,
    readByUsername: async (scope, username) =>
      (await select(scope, sql`username = ${username}`))[0] ?? null,
    list: (scope, after, limit) =>
      select(scope, sql`username > ${after} order by username limit ${limit}`),

    change: async (scope, id, decide) => {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        const changed = await database.for(scope.tenant).transaction(async (trx) => {
          const { rows } = await sql<UserRow>`select ${columns} from document_user
              where tenant_id = ${scope.tenant} and database = ${scope.database} and id = ${id}
              for update`.execute(trx)
          const current = rows[0] === undefined ? null : toUser(rows[0])
          const next = decide(current)
          if (next === current) return next
          const { numAffectedRows } = await (
            current === null ? insertion(scope, next) : update(scope, next)
          ).execute(trx)
          return numAffectedRows === 0n ? null : next
        })
        if (changed !== null) return changed
      }
      throw new AppError('CONFLICT', 'somebody else kept changing the same user; try again')
    },

    ensureIndexes: async () => void (await verifyIndexes(database, requiredUserIndexes)),
    close,
  }
}

function insertion({ tenant, database }: Scope, user: User): RawBuilder<unknown> {
  return sql`
    insert into document_user (tenant_id, database, ${columns})
    values (${tenant}, ${database}, ${user.id}, ${user.username}, ${user.passwordHash},
      ${user.roles}, ${user.disabled}, ${JSON.stringify(user.profile)}, ${user.version},
      ${user.createdAt}, ${user.updatedAt}, ${user.lastLoginAt}, ${user.failedLogins},
      ${user.lockedUntil})
    on conflict (tenant_id, id) do nothing`
}

function update({ tenant, database }: Scope, user: User): RawBuilder<unknown> {
  return sql`
    update document_user set password_hash = ${user.passwordHash}, roles = ${user.roles},
      disabled = ${user.disabled}, profile = ${JSON.stringify(user.profile)},
      version = ${user.version}, created_at = ${user.createdAt}, updated_at = ${user.updatedAt},
      last_login_at = ${user.lastLoginAt}, failed_logins = ${user.failedLogins},
      locked_until = ${user.lockedUntil}
    where tenant_id = ${tenant} and database = ${database} and id = ${user.id}`
}

function toUser(row: UserRow): User {
  return {
    id: row.id as UserId,
    username: row.username,
    passwordHash: row.password_hash,
    roles: row.roles,
    disabled: row.disabled,
    profile: row.profile,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastLoginAt: row.last_login_at,
    failedLogins: row.failed_logins,
    lockedUntil: row.locked_until,
  }
}
