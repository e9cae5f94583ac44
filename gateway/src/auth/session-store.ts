import type { Kysely } from 'kysely'
import { databaseError, type Database } from '@heirloom/postgres'
import type { Identity } from './identity.js'
import type { Tokens } from './provider.js'
import type { Keyring, Sealed } from './sealed.js'

interface SessionTable extends Sealed {
  id_hash: Buffer
  created_at: Date
  last_seen_at: Date
  expires_at: Date
}

interface SignInTable extends Sealed {
  id_hash: Buffer
  expires_at: Date
}

export interface GatewaySchema {
  session: SessionTable
  sign_in: SignInTable
}

/** What a session keeps, encrypted. */
export interface SessionContent {
  readonly tokens: Tokens
  readonly identity: Identity
}

export interface StoredSession extends SessionContent {
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

/**
 * Sessions by the hash of their secret. A row whose key has been retired reads as absent. Every
 * method throws AppError BACKEND_UNAVAILABLE while the database is away.
 */
export interface SessionStore {
  create(id: Buffer, content: SessionContent, at: { now: Date; expiresAt: Date }): Promise<void>
  find(id: Buffer, now: Date): Promise<StoredSession | undefined>
  touch(id: Buffer, now: Date): Promise<void>
  /**
   * Rewrites a session while its row is locked, so that of all processes one does the work and
   * the others see its result. What `work` throws rolls back and is thrown.
   */
  update(
    id: Buffer,
    now: Date,
    work: (session: StoredSession) => Promise<SessionContent>,
  ): Promise<SessionContent | undefined>
  /** Resolves to what it deleted. */
  remove(id: Buffer): Promise<SessionContent | undefined>
  /** Forgets sessions and sign-ins that have expired, and sessions unused since `idleSince`. */
  sweep(now: Date, idleSince: Date): Promise<void>
}

export function createSessionStore(
  database: Database<GatewaySchema>,
  keyring: Keyring,
): SessionStore {
  const db = database.unbound

  function opened(row: SessionTable | undefined): StoredSession | undefined {
    const content = row === undefined ? undefined : keyring.open(row, row.id_hash)
    if (row === undefined || content === undefined) return undefined
    const { last_seen_at: lastSeenAt, expires_at: expiresAt } = row
    return { ...(content as SessionContent), lastSeenAt, expiresAt }
  }

  function live(source: Kysely<GatewaySchema>, id: Buffer, now: Date) {
    return source
      .selectFrom('session')
      .selectAll()
      .where('id_hash', '=', id)
      .where('expires_at', '>', now)
  }

  return {
    create: (id, content, { now, expiresAt }) =>
      translated(async () => {
        await db
          .insertInto('session')
          .values({
            id_hash: id,
            ...keyring.seal(content, id),
            created_at: now,
            last_seen_at: now,
            expires_at: expiresAt,
          })
          .execute()
      }),
    find: (id, now) => translated(async () => opened(await live(db, id, now).executeTakeFirst())),
    touch: (id, now) =>
      translated(async () => {
        const seen = db.updateTable('session').set({ last_seen_at: now })
        await seen.where('id_hash', '=', id).execute()
      }),
    update: (id, now, work) =>
      translated(() =>
        db.transaction().execute(async (trx) => {
          const found = opened(await live(trx, id, now).forUpdate().executeTakeFirst())
          if (found === undefined) return undefined
          const content = await work(found)
          await trx
            .updateTable('session')
            .set(keyring.seal(content, id))
            .where('id_hash', '=', id)
            .execute()
          return content
        }),
      ),
    remove: (id) =>
      translated(async () => {
        const removed = db.deleteFrom('session').where('id_hash', '=', id).returningAll()
        return opened(await removed.executeTakeFirst())
      }),
    sweep: (now, idleSince) =>
      translated(async () => {
        await db
          .deleteFrom('session')
          .where((row) =>
            row.or([row('expires_at', '<=', now), row('last_seen_at', '<=', idleSince)]),
          )
          .execute()
        await db.deleteFrom('sign_in').where('expires_at', '<=', now).execute()
      }),
  }
}

export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw databaseError(error)
  }
}
