import type { Kysely } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { Database } from '@heirloom/postgres'
import { translated, type GatewaySchema, type SessionTable } from './gateway-schema.js'
import type { Identity } from './identity.js'
import type { Tokens } from './provider.js'
import type { Keyring } from './sealed.js'

/** What a session keeps, encrypted. */
export interface SessionContent {
  readonly tokens: Tokens
  readonly identity: Identity
  /** What the browser calls itself, so that its user knows it again. */
  readonly userAgent?: string | undefined
}

/** What sessions are found by, other than by their secret. */
export interface SessionOwner {
  readonly userId: string
  readonly issuer: string
  readonly subject: string
  readonly providerSession?: string | undefined
}

export interface StoredSession extends SessionContent {
  readonly id: Buffer
  readonly userId: string
  readonly issuer: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

/** A logout token of a provider: whom it signs out, and what makes it that one token. */
export interface ProviderLogout {
  readonly issuer: string
  readonly subject?: string | undefined
  readonly providerSession?: string | undefined
  readonly jti: string
  readonly expiresAt: Date
}

/**
 * Sessions by the hash of their secret. A row whose key has been retired reads as absent. Every
 * change that somebody has to hear of is announced by the database (003-accounts.sql) when it
 * commits. Every method throws AppError BACKEND_UNAVAILABLE while the database is away.
 */
export interface SessionStore {
  /** @throws AppError CONFLICT when the identity is not, or no longer, this user's */
  create(
    id: Buffer,
    owner: SessionOwner,
    content: SessionContent,
    at: { now: Date; expiresAt: Date },
  ): Promise<void>
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
  remove(id: Buffer): Promise<StoredSession | undefined>
  /** Those in use of one user, the last used first. */
  list(userId: string, now: Date, idleSince: Date): Promise<readonly StoredSession[]>
  /** Ends one session of a user, or all of them; resolves to what it deleted. */
  removeOf(userId: string, id?: Buffer): Promise<readonly StoredSession[]>
  /**
   * Ends the sessions that a provider signs out; resolves to their number, or to undefined when
   * the logout token has been used before. Both or neither happens.
   */
  removeAtProvider(logout: ProviderLogout): Promise<number | undefined>
  /** Forgets sessions and sign-ins that have expired, and sessions unused since `idleSince`. */
  sweep(now: Date, idleSince: Date): Promise<void>
}

export function createSessionStore(
  database: Database<GatewaySchema>,
  keyring: Keyring,
): SessionStore {
  const db = database.unbound

  function opened(row: SessionTable | undefined): StoredSession | undefined {
    if (row === undefined) return undefined
    const { id_hash: id, user_id: userId, issuer } = row
    const content = keyring.open(row, id)
    if (content === undefined || userId === null || issuer === null) return undefined
    const { created_at: createdAt, last_seen_at: lastSeenAt, expires_at: expiresAt } = row
    return { ...(content as SessionContent), id, userId, issuer, createdAt, lastSeenAt, expiresAt }
  }

  function allOpened(rows: readonly SessionTable[]): readonly StoredSession[] {
    return rows.flatMap((row) => opened(row) ?? [])
  }

  return {
    create: (id, owner, content, { now, expiresAt }) =>
      translated(() =>
        db.transaction().execute(async (trx) => {
          await assertStillTheirs(trx, owner)
          await trx
            .insertInto('session')
            .values({
              id_hash: id,
              ...keyring.seal(content, id),
              created_at: now,
              last_seen_at: now,
              expires_at: expiresAt,
              user_id: owner.userId,
              issuer: owner.issuer,
              subject: owner.subject,
              provider_session: owner.providerSession ?? null,
            })
            .execute()
        }),
      ),
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
    list: (userId, now, idleSince) =>
      translated(async () => {
        const rows = db
          .selectFrom('session')
          .selectAll()
          .where('user_id', '=', userId)
          .where('expires_at', '>', now)
          .where('last_seen_at', '>', idleSince)
        return allOpened(await rows.orderBy('last_seen_at', 'desc').execute())
      }),
    removeOf: (userId, id) =>
      translated(async () => {
        const all = db.deleteFrom('session').where('user_id', '=', userId).returningAll()
        const wanted = id === undefined ? all : all.where('id_hash', '=', id)
        return allOpened(await wanted.execute())
      }),
    removeAtProvider: (logout) =>
      translated(() => db.transaction().execute((trx) => removeAtProvider(trx, logout))),
    sweep: (now, idleSince) =>
      translated(async () => {
        await db
          .deleteFrom('session')
          .where((row) =>
            row.or([row('expires_at', '<=', now), row('last_seen_at', '<=', idleSince)]),
          )
          .execute()
        await db.deleteFrom('sign_in').where('expires_at', '<=', now).execute()
        await db.deleteFrom('logout_token').where('expires_at', '<=', now).execute()
      }),
  }
}

/**
 * Unlinking an identity ends its sessions: none may begin beside it. Whoever unlinks waits for the
 * row that is locked here, or has deleted it.
 */
async function assertStillTheirs(trx: Kysely<GatewaySchema>, owner: SessionOwner): Promise<void> {
  const identity = await trx
    .selectFrom('account_identity')
    .select('id')
    .where('issuer', '=', owner.issuer)
    .where('subject', '=', owner.subject)
    .where('user_id', '=', owner.userId)
    .forShare()
    .executeTakeFirst()
  if (identity !== undefined) return
  throw new AppError('CONFLICT', 'this identity changes hands; sign in again')
}

function live(source: Kysely<GatewaySchema>, id: Buffer, now: Date) {
  return source
    .selectFrom('session')
    .selectAll()
    .where('id_hash', '=', id)
    .where('expires_at', '>', now)
}

async function removeAtProvider(
  trx: Kysely<GatewaySchema>,
  { issuer, subject, providerSession, jti, expiresAt }: ProviderLogout,
): Promise<number | undefined> {
  const used = await trx
    .insertInto('logout_token')
    .values({ issuer, jti, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .returning('jti')
    .executeTakeFirst()
  if (used === undefined) return undefined
  let ended = trx.deleteFrom('session').where('issuer', '=', issuer)
  // With both, that session of that user; with the subject alone, all of them (section 2.5).
  if (subject !== undefined) ended = ended.where('subject', '=', subject)
  if (providerSession !== undefined) {
    ended = ended.where((row) =>
      row.or([
        row('provider_session', '=', providerSession),
        // A provider that names its session here, but did not in its ID token.
        ...(subject === undefined ? [] : [row('provider_session', 'is', null)]),
      ]),
    )
  }
  if (subject === undefined && providerSession === undefined) return 0
  return Number((await ended.executeTakeFirst()).numDeletedRows)
}
