import type { Kysely } from 'kysely'
import { AppError, hasCode } from '@heirloom/errors'
import { databaseError, type Database } from '@heirloom/postgres'
import { translated, type GatewaySchema } from './gateway-schema.js'

// An account is one person; its identities are what providers call that person. Invariants: an
// identity belongs to one account; an account keeps at least one identity; an id, once given to an
// account, is never given to another.

export interface Subject {
  readonly issuer: string
  readonly subject: string
}

export interface LinkedIdentity extends Subject {
  readonly id: string
  readonly linkedAt: Date
}

/** Every method throws AppError BACKEND_UNAVAILABLE while the database is away. */
export interface Accounts {
  /**
   * Whose identity this is. A new one gets an account of its own: with the id `wanted`, unless
   * that is somebody's. What is known is remembered for a short time.
   */
  userIdOf(subject: Subject, wanted?: string): Promise<string>
  identitiesOf(userId: string): Promise<readonly LinkedIdentity[]>
  /**
   * The caller has proof of both. Linking what is linked already changes nothing.
   * @throws AppError CONFLICT when the identity is another account's, or there are too many
   */
  link(userId: string, subject: Subject): Promise<void>
  /**
   * Resolves to what was unlinked, whose sessions have ended with it.
   * @throws AppError NOT_FOUND, and CONFLICT for the last one
   */
  unlink(userId: string, identityId: string): Promise<LinkedIdentity>
  /** Forgets what is remembered: some identity has changed hands. */
  forget(): void
}

const rememberedMs = 60_000
const maxRemembered = 20_000
const maxIdentities = 20

export function createAccounts(
  database: Database<GatewaySchema>,
  newId: () => string,
  now: () => number = Date.now,
): Accounts {
  const db = database.unbound
  const remembered = new Map<string, { readonly userId: string; readonly untilMs: number }>()
  // Counts the changes: what was read before one must not be remembered after it.
  let changes = 0

  async function known(subject: Subject): Promise<string | undefined> {
    const row = await identity(db, subject).executeTakeFirst()
    return row?.user_id
  }

  async function create({ issuer, subject }: Subject, wanted = newId()): Promise<void> {
    const createdAt = new Date(now())
    await db.transaction().execute(async (trx) => {
      const taken = trx.insertInto('account').values({ user_id: wanted, created_at: createdAt })
      const added = await taken
        .onConflict((conflict) => conflict.doNothing())
        .returning('user_id')
        .executeTakeFirst()
      const userId = added?.user_id ?? newId()
      if (added === undefined) {
        await trx.insertInto('account').values({ user_id: userId, created_at: createdAt }).execute()
      }
      // A conflict here undoes the account: another request was first with this identity.
      const row = { id: newId(), issuer, subject, user_id: userId, linked_at: createdAt }
      await trx.insertInto('account_identity').values(row).execute()
    })
  }

  async function found(subject: Subject, wanted: string | undefined): Promise<string> {
    const before = await known(subject)
    if (before !== undefined) return before
    try {
      await create(subject, wanted)
    } catch (error) {
      if (!hasCode(databaseError(error), 'CONFLICT')) throw error
    }
    const after = await known(subject)
    if (after === undefined)
      throw new AppError('CONFLICT', 'this identity changes hands; try again')
    return after
  }

  return {
    userIdOf: async (subject, wanted) => {
      const key = JSON.stringify([subject.issuer, subject.subject])
      const last = remembered.get(key)
      if (last !== undefined && last.untilMs > now()) return last.userId
      const changesBefore = changes
      const userId = await translated(() => found(subject, wanted))
      if (changes === changesBefore) {
        if (remembered.size >= maxRemembered) remembered.clear()
        remembered.set(key, { userId, untilMs: now() + rememberedMs })
      }
      return userId
    },
    identitiesOf: (userId) => translated(() => identities(db, userId)),
    link: (userId, { issuer, subject }) =>
      translated(() =>
        db.transaction().execute(async (trx) => {
          await locked(trx, userId)
          const owner = await identity(trx, { issuer, subject }).executeTakeFirst()
          if (owner?.user_id === userId) return
          if (owner !== undefined) {
            throw new AppError('CONFLICT', 'this identity belongs to another account')
          }
          if ((await identities(trx, userId)).length >= maxIdentities) {
            throw new AppError('CONFLICT', `an account has at most ${maxIdentities} identities`)
          }
          const row = { id: newId(), issuer, subject, user_id: userId, linked_at: new Date(now()) }
          await trx.insertInto('account_identity').values(row).execute()
        }),
      ),
    unlink: (userId, identityId) =>
      translated(() =>
        db.transaction().execute(async (trx) => {
          await locked(trx, userId)
          const all = await identities(trx, userId)
          const wanted = all.find(({ id }) => id === identityId)
          if (wanted === undefined) throw new AppError('NOT_FOUND', 'you have no such identity')
          if (all.length === 1) {
            throw new AppError('CONFLICT', 'the last identity of an account cannot be unlinked')
          }
          const { issuer, subject } = wanted
          await trx.deleteFrom('account_identity').where('id', '=', identityId).execute()
          await trx
            .deleteFrom('session')
            .where('issuer', '=', issuer)
            .where('subject', '=', subject)
            .execute()
          return wanted
        }),
      ),
    forget: () => {
      changes += 1
      remembered.clear()
    },
  }
}

function identity(source: Kysely<GatewaySchema>, { issuer, subject }: Subject) {
  return source
    .selectFrom('account_identity')
    .select('user_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
}

async function identities(
  source: Kysely<GatewaySchema>,
  userId: string,
): Promise<readonly LinkedIdentity[]> {
  const rows = await source
    .selectFrom('account_identity')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('linked_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, issuer, subject, linked_at: linkedAt }) => ({
    id,
    issuer,
    subject,
    linkedAt,
  }))
}

/** Changes to the identities of one account happen one after another. */
async function locked(trx: Kysely<GatewaySchema>, userId: string): Promise<void> {
  await trx
    .selectFrom('account')
    .select('user_id')
    .where('user_id', '=', userId)
    .forUpdate()
    .execute()
}
