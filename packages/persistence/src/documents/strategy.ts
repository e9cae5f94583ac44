/**
 * Which of a store's backends an operation goes to. Reads are everything that changes nothing;
 * writes are atomic changes; a watch is neither, because its positions belong to one backend.
 *
 *   single        all on the primary.
 *   dual-write    a write is done, and judged, on the primary; its result is then written to the
 *                 shadow, where a later state is never replaced by an earlier one. It is
 *                 acknowledged when the primary has it: a shadow that fails is reported, lags
 *                 behind, and is brought level by `reconcile`. Reads go to the side that the
 *                 configuration names. Watches stay on the primary: of two changes in a row the
 *                 shadow may have taken the later one alone.
 *   read-replica  writes and watches on the primary, reads on the shadow, which the database itself
 *                 keeps up to date: a read may be older than a write that was acknowledged.
 */
import type { DocumentTable } from './document-table.js'
import type { Scope } from './ids.js'
import type { RevocationTable } from './revocation-table.js'
import type { StoredDocument } from './stored.js'
import type { UserTable } from './user-table.js'

export type StoreStrategy =
  | { readonly strategy: 'single'; readonly primary: string }
  | {
      readonly strategy: 'dual-write'
      readonly primary: string
      readonly shadow: string
      readonly reads?: 'primary' | 'shadow'
    }
  | { readonly strategy: 'read-replica'; readonly primary: string; readonly shadow: string }

export interface ShadowFailure {
  readonly store: 'document' | 'user' | 'revocation'
  readonly tenant: string
  readonly database: string
  readonly id: string
  readonly error: unknown
}
export type OnShadowFailure = (failure: ShadowFailure) => void

/** A name and what it stands for: positions of a watch are told apart by the name. */
export interface Named<T> {
  readonly name: string
  readonly table: T
}

export function documentStrategy(
  strategy: StoreStrategy,
  table: (backend: string) => DocumentTable,
  onShadowFailure: OnShadowFailure,
): Named<DocumentTable> {
  const primary = table(strategy.primary)
  if (strategy.strategy === 'single') return { name: strategy.primary, table: primary }
  const shadow = table(strategy.shadow)
  if (strategy.strategy === 'read-replica') {
    return {
      name: strategy.primary,
      table: {
        ...primary,
        read: (scope, id) => shadow.read(scope, id),
        find: (scope, plan) => shadow.find(scope, plan),
        scan: (scope, afterId, limit) => shadow.scan(scope, afterId, limit),
      },
    }
  }
  const reading = strategy.reads === 'shadow' ? shadow : primary
  return {
    name: strategy.primary,
    table: {
      ...primary,
      read: (scope, id) => reading.read(scope, id),
      find: (scope, plan) => reading.find(scope, plan),
      scan: (scope, afterId, limit) => reading.scan(scope, afterId, limit),
      change: async (scope, id, decide) => {
        const changed = await primary.change(scope, id, decide)
        await onShadow('document', scope, id, onShadowFailure, () =>
          shadow.change(scope, id, (current) => laterDocument(current, changed)),
        )
        return changed
      },
    },
  }
}

export function userStrategy(
  strategy: StoreStrategy,
  table: (backend: string) => UserTable,
  onShadowFailure: OnShadowFailure,
): UserTable {
  const primary = table(strategy.primary)
  if (strategy.strategy === 'single') return primary
  const shadow = table(strategy.shadow)
  const shadowReads = strategy.strategy === 'read-replica' || strategy.reads === 'shadow'
  const reading = shadowReads ? shadow : primary
  const split: UserTable = {
    ...primary,
    read: (scope, id) => reading.read(scope, id),
    readByUsername: (scope, username) => reading.readByUsername(scope, username),
    list: (scope, after, limit) => reading.list(scope, after, limit),
  }
  if (strategy.strategy === 'read-replica') return split
  return {
    ...split,
    change: async (scope, id, decide) => {
      const changed = await primary.change(scope, id, decide)
      // Logins leave the version alone: of two at once the shadow may keep the earlier count.
      await onShadow('user', scope, id, onShadowFailure, () =>
        shadow.change(scope, id, (current) =>
          current !== null && current.version > changed.version ? current : changed,
        ),
      )
      return changed
    },
  }
}

export function revocationStrategy(
  strategy: StoreStrategy,
  table: (backend: string) => RevocationTable,
  onShadowFailure: OnShadowFailure,
): RevocationTable {
  const primary = table(strategy.primary)
  if (strategy.strategy === 'single') return primary
  const shadow = table(strategy.shadow)
  const shadowReads = strategy.strategy === 'read-replica' || strategy.reads === 'shadow'
  const reading = shadowReads ? shadow : primary
  const split: RevocationTable = { ...primary, read: (scope, id) => reading.read(scope, id) }
  if (strategy.strategy === 'read-replica') return split
  return {
    ...split,
    add: async (scope, id, revocation, now) => {
      await primary.add(scope, id, revocation, now)
      await onShadow('revocation', scope, id, onShadowFailure, () =>
        shadow.add(scope, id, revocation, now),
      )
    },
  }
}

/** The current one, unless the other is a later state or of a later life of the same path. */
export function laterDocument(
  current: StoredDocument | null,
  other: StoredDocument,
): StoredDocument {
  if (current === null) return other
  const life = other.createdAt.getTime() - current.createdAt.getTime()
  return life > 0 || (life === 0 && other.version > current.version) ? other : current
}

async function onShadow(
  store: ShadowFailure['store'],
  { tenant, database }: Scope,
  id: string,
  report: OnShadowFailure,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write()
  } catch (error) {
    report({ store, tenant, database, id, error })
  }
}
