import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { openMongo, type Mongo } from '../backends/mongo/connection.js'
import { createMongoDocumentTable } from '../backends/mongo/document-table.js'
import { createMongoUserTable } from '../backends/mongo/user-table.js'
import {
  openPostgresDocuments,
  type PostgresDocuments,
} from '../backends/postgres-documents/connection.js'
import { purgeExpired } from '../backends/postgres-documents/purge.js'
import { createPostgresDocumentTable } from '../backends/postgres-documents/document-table.js'
import { createPostgresRevocationTable } from '../backends/postgres-documents/revocation-table.js'
import { createPostgresUserTable } from '../backends/postgres-documents/user-table.js'
import { createRedisRevocationTable } from '../backends/redis/revocation-table.js'
import type { Documents } from '../ports/document-store.js'
import type { TokenRevocations } from '../ports/token-revocation-store.js'
import type { Users } from '../ports/user-store.js'
import {
  defaultDatabase,
  parseStorageConfig,
  storeKinds,
  type StorageConfig,
  type StoreKind,
} from './config.js'
import { createDatabases, type DatabaseBinding, type Databases } from './databases.js'
import { createDocuments } from './document-store.js'
import type { DocumentTable } from './document-table.js'
import { parseIndexes } from './indexes.js'
import { reconcile, type ReconcileOptions, type ReconcileProgress } from './reconcile.js'
import type { RevocationTable } from './revocation-table.js'
import { createTokenRevocations } from './revocation-store.js'
import {
  documentStrategy,
  revocationStrategy,
  userStrategy,
  type OnShadowFailure,
  type StoreStrategy,
} from './strategy.js'
import type { UserTable } from './user-table.js'
import { createUsers } from './user-store.js'

export interface StorageOptions {
  readonly now?: () => number
  /** Told of each write that a dual-write's shadow did not take: log it, count it, alarm on it. */
  readonly onShadowFailure?: OnShadowFailure
}

/** Everything that a config describes, opened. Backends are closed with the last of the three. */
export interface Storage {
  readonly documents: Documents
  readonly users: Users
  readonly revocations: TokenRevocations
  /**
   * Brings the shadow of a database's dual-write level with its primary.
   * @throws AppError INVALID_INPUT when the database has no shadow to write to
   */
  reconcileDocuments(
    tenant: TenantId,
    database: string,
    options?: ReconcileOptions,
  ): Promise<ReconcileProgress>
  /**
   * Deletes what no reader has seen since `before`, tombstones and revocations, where the backend has
   * no ttl; until the signal aborts. Resolves to how many. Safe to repeat, and to run twice at once.
   * @throws AppError BACKEND_UNAVAILABLE
   */
  purgeExpired(before: Date, signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

const dayMs = 86_400_000
const defaultSoftDeleteRetentionMs = 30 * dayMs
const defaultChangeRetentionMs = 7 * dayMs

/**
 * The one entry: opens the backends, ensures their indexes, binds the databases. When anything is
 * amiss it closes what it opened and throws.
 * @throws AppError INVALID_INPUT for the config, BACKEND_UNAVAILABLE
 */
export async function createStorageFromConfig(
  input: unknown,
  { now = Date.now, onShadowFailure = () => undefined }: StorageOptions = {},
): Promise<Storage> {
  const config = parseStorageConfig(input)
  const indexes = parseIndexes(config.documents?.indexes ?? [])
  const tables = openTables(config, now)
  const bound = <T>(bind: (settings: Bindings) => T): Databases<T> => databases(config, bind)

  const documents = bound(({ document }) =>
    documentStrategy(document, tables.document, onShadowFailure),
  )
  const users = bound(({ user }) => userStrategy(user, tables.user, onShadowFailure))
  const revocations = bound(({ revocation }) =>
    revocationStrategy(revocation, tables.revocation, onShadowFailure),
  )
  const strategies = bound(({ document }) => document)

  const ensure = async (kind: StoreKind): Promise<void> => {
    for (const name of writableBackends(config, kind)) {
      if (kind === 'document') await tables.document(name).ensureIndexes(indexes)
      else await tables[kind](name).ensureIndexes()
    }
  }
  try {
    for (const kind of storeKinds) await ensure(kind)
  } catch (error) {
    await tables.close()
    throw error
  }

  const open = new Set<StoreKind>(storeKinds)
  const close = async (...kinds: readonly StoreKind[]): Promise<void> => {
    for (const kind of kinds) open.delete(kind)
    if (open.size === 0) await tables.close()
  }
  return {
    documents: createDocuments({
      databases: documents,
      indexes,
      softDeleteRetentionMs:
        config.documents?.softDeleteRetentionMs ?? defaultSoftDeleteRetentionMs,
      now,
      close: () => close('document'),
    }),
    users: createUsers({
      databases: users,
      now,
      ensureIndexes: () => ensure('user'),
      close: () => close('user'),
    }),
    revocations: createTokenRevocations({
      databases: revocations,
      now,
      ensureIndexes: () => ensure('revocation'),
      close: () => close('revocation'),
    }),
    reconcileDocuments: async (tenant, database, options) => {
      const strategy = strategies.resolve(tenant, database)
      if (strategy.strategy !== 'dual-write') {
        throw new AppError('INVALID_INPUT', 'this database is not written twice')
      }
      const [primary, shadow] = [strategy.primary, strategy.shadow].map(tables.document)
      if (primary === undefined || shadow === undefined) throw new AppError('INTERNAL', 'no table')
      return reconcile(primary, shadow, { tenant, database }, options, now)
    },
    purgeExpired: async (before, signal) => {
      // A replica loses its rows as what it replicates does.
      const names = new Set([
        ...writableBackends(config, 'document'),
        ...writableBackends(config, 'revocation'),
      ])
      let purged = 0
      for (const name of names) {
        const postgres = tables.postgres(name)
        if (postgres !== null) purged += await purgeExpired(postgres.database, before, signal)
      }
      return purged
    },
    close: () => close(...storeKinds),
  }
}

type Bindings = Readonly<Record<StoreKind, StoreStrategy>>

function databases<T>(config: StorageConfig, bind: (settings: Bindings) => T): Databases<T> {
  const bindings = new Map<string, DatabaseBinding<T>>()
  for (const [name, settings] of Object.entries(config.databases)) {
    const all = { ...config.databases[defaultDatabase], ...settings } as Bindings
    bindings.set(name, {
      tenants: settings.tenants === undefined ? null : new Set(settings.tenants),
      bound: bind(all),
    })
  }
  return createDatabases(bindings)
}

/** Not the shadows of read-replica: a replica gets its indexes from what it replicates. */
function writableBackends(config: StorageConfig, kind: StoreKind): ReadonlySet<string> {
  const names = Object.values(config.databases).flatMap((settings) => {
    const strategy = settings[kind]
    if (strategy === undefined) return []
    return strategy.strategy === 'dual-write'
      ? [strategy.primary, strategy.shadow]
      : [strategy.primary]
  })
  return new Set(names)
}

interface Tables {
  readonly document: (backend: string) => DocumentTable
  readonly user: (backend: string) => UserTable
  readonly revocation: (backend: string) => RevocationTable
  /** Null for a backend that is none. */
  readonly postgres: (backend: string) => PostgresDocuments | null
  readonly close: () => Promise<void>
}

/** The backends by name, each opened once, whatever is kept in it. */
function openTables(config: StorageConfig, now: () => number): Tables {
  const opened: { close(): Promise<void> }[] = []
  const changeRetentionMs = config.documents?.changeRetentionMs ?? defaultChangeRetentionMs
  let closing: Promise<void> | undefined

  const settings = (name: string): StorageConfig['backends'][string] => {
    const found = config.backends[name]
    if (found === undefined) throw new AppError('INTERNAL', 'the config was not parsed')
    return found
  }
  const open = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one)
    return one
  }
  const postgres = byName((name): PostgresDocuments | null => {
    const backend = settings(name)
    return backend.type === 'postgres' ? open(openPostgresDocuments(backend)) : null
  })
  const mongo = byName((name): Mongo | null => {
    const backend = settings(name)
    return backend.type === 'mongo' ? open(openMongo(backend)) : null
  })
  const redis = byName((name): RevocationTable | null => {
    const backend = settings(name)
    return backend.type === 'redis' ? open(createRedisRevocationTable(backend)) : null
  })

  return {
    document: byName((name) => {
      const [one, other] = [postgres(name), mongo(name)]
      if (one !== null) return createPostgresDocumentTable(one, { changeRetentionMs, now })
      return other === null ? unfit(name) : createMongoDocumentTable(other)
    }),
    user: byName((name) => {
      const [one, other] = [postgres(name), mongo(name)]
      if (one !== null) return createPostgresUserTable(one)
      return other === null ? unfit(name) : createMongoUserTable(other)
    }),
    revocation: byName((name) => {
      const one = postgres(name)
      return one === null ? (redis(name) ?? unfit(name)) : createPostgresRevocationTable(one)
    }),
    postgres,
    close: () => (closing ??= Promise.all(opened.map((one) => one.close())).then(() => undefined)),
  }
}

function byName<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>()
  return (name) => {
    const found = made.get(name)
    if (found !== undefined) return found
    const fresh = make(name)
    made.set(name, fresh)
    return fresh
  }
}

function unfit(name: string): never {
  throw new AppError('INVALID_INPUT', `the backend "${name}" cannot keep this`)
}
