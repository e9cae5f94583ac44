import { AppError } from '@heirloom/errors'
import { tenantId } from '@heirloom/tenancy'
import type { Order } from '../ports/document-store.js'
import { checkField, parseIndexes, type DeclaredIndex } from './indexes.js'
import { isDatabaseName } from './names.js'
import type { StoreStrategy } from './strategy.js'

export type StorageBackend =
  | {
      readonly type: 'postgres'
      /** Of the app role. */
      readonly url: string
      /** Of the owner: creates declared indexes at the start. */
      readonly ownerUrl?: string
      readonly maxConnections?: number
    }
  | {
      readonly type: 'mongo'
      readonly uri: string
      readonly db: string
      readonly dataCollection?: string
      readonly userCollection?: string
    }
  | { readonly type: 'redis'; readonly url: string; readonly prefix?: string }

export const storeKinds = ['document', 'user', 'revocation'] as const
export type StoreKind = (typeof storeKinds)[number]

const backendsOf: Readonly<Record<StoreKind, readonly StorageBackend['type'][]>> = {
  document: ['postgres', 'mongo'],
  user: ['postgres', 'mongo'],
  revocation: ['postgres', 'redis'],
}

export interface DatabaseSettings {
  /** Dedicated to these tenants: for every other tenant the database does not exist. */
  readonly tenants?: readonly string[]
  readonly document?: StoreStrategy
  readonly user?: StoreStrategy
  readonly revocation?: StoreStrategy
}

export interface StorageConfig {
  /** By the names that strategies use. */
  readonly backends: Readonly<Record<string, StorageBackend>>
  /**
   * Every database that there is. `default` binds all three stores and is open to all tenants;
   * another one takes from it the stores that it does not bind itself.
   */
  readonly databases: Readonly<Record<string, DatabaseSettings>>
  readonly documents?: {
    readonly softDeleteRetentionMs?: number
    /** Of watches on Postgres; MongoDB keeps what its oplog holds. */
    readonly changeRetentionMs?: number
    readonly indexes?: readonly DeclaredIndex[]
  }
}

export const defaultDatabase = 'default'

/**
 * A config from outside, checked to the last field: what it does not know it refuses.
 * @throws AppError INVALID_INPUT that names the place, and never repeats a value
 */
export function parseStorageConfig(input: unknown): StorageConfig {
  const config = fields(input, 'storage', ['backends', 'databases', 'documents'])
  const backends = Object.fromEntries(
    entries(config.get('backends'), 'storage.backends').map(([name, value]) => [
      name,
      backend(value, `storage.backends.${name}`),
    ]),
  )
  const databases = Object.fromEntries(
    entries(config.get('databases'), 'storage.databases').map(([name, value]) => [
      name,
      database(value, `storage.databases.${name}`, backends),
    ]),
  )
  for (const name of Object.keys(databases)) {
    if (!isDatabaseName(name)) {
      refuse(`storage.databases.${name}`, 'must be named by a to z, 0 to 9, _ and -')
    }
  }
  const first = databases[defaultDatabase]
  if (first === undefined) refuse('storage.databases', 'must bind the database "default"')
  for (const kind of storeKinds) {
    if (first[kind] === undefined) refuse('storage.databases.default', `must bind "${kind}"`)
  }
  if (first.tenants !== undefined) {
    refuse('storage.databases.default', 'is open to every tenant: it has no "tenants"')
  }
  const documents = config.get('documents')
  return {
    backends,
    databases,
    ...(documents === undefined ? {} : { documents: documentSettings(documents) }),
  }
}

function backend(input: unknown, at: string): StorageBackend {
  const type = text(fields(input, at).get('type'), `${at}.type`)
  switch (type) {
    case 'postgres': {
      const given = fields(input, at, ['type', 'url', 'ownerUrl', 'maxConnections'])
      const url = text(given.get('url'), `${at}.url`)
      return {
        type,
        url,
        ...optional('ownerUrl', given, at, text),
        ...optional('maxConnections', given, at, positive),
      }
    }
    case 'mongo': {
      const given = fields(input, at, ['type', 'uri', 'db', 'dataCollection', 'userCollection'])
      return {
        type,
        uri: text(given.get('uri'), `${at}.uri`),
        db: text(given.get('db'), `${at}.db`),
        ...optional('dataCollection', given, at, text),
        ...optional('userCollection', given, at, text),
      }
    }
    case 'redis': {
      const given = fields(input, at, ['type', 'url', 'prefix'])
      return {
        type,
        url: text(given.get('url'), `${at}.url`),
        ...optional('prefix', given, at, text),
      }
    }
    default:
      return refuse(`${at}.type`, 'must be postgres, mongo or redis')
  }
}

function database(
  input: unknown,
  at: string,
  backends: Readonly<Record<string, StorageBackend>>,
): DatabaseSettings {
  const given = fields(input, at, ['tenants', ...storeKinds])
  const bound = storeKinds.flatMap((kind) => {
    const value = given.get(kind)
    return value === undefined
      ? []
      : [[kind, strategy(value, `${at}.${kind}`, kind, backends)] as const]
  })
  return { ...optional('tenants', given, at, tenants), ...Object.fromEntries(bound) }
}

function strategy(
  input: unknown,
  at: string,
  kind: StoreKind,
  backends: Readonly<Record<string, StorageBackend>>,
): StoreStrategy {
  const given = fields(input, at, ['strategy', 'primary', 'shadow', 'reads'])
  const side = (name: 'primary' | 'shadow'): string => {
    const value = text(given.get(name), `${at}.${name}`)
    const found = Object.hasOwn(backends, value) ? backends[value] : undefined
    if (found === undefined) refuse(`${at}.${name}`, 'names no backend of storage.backends')
    if (!backendsOf[kind].includes(found.type)) {
      refuse(`${at}.${name}`, `is ${found.type}; "${kind}" can be ${backendsOf[kind].join(' or ')}`)
    }
    return value
  }
  const named = given.get('strategy')
  const primary = side('primary')
  if (named === 'single') {
    if (given.has('shadow') || given.has('reads')) refuse(at, 'single has a primary alone')
    return { strategy: named, primary }
  }
  if (named !== 'dual-write' && named !== 'read-replica') {
    refuse(`${at}.strategy`, 'must be single, dual-write or read-replica')
  }
  const shadow = side('shadow')
  if (shadow === primary) refuse(`${at}.shadow`, 'must be another backend than the primary')
  if (named === 'read-replica') {
    if (given.has('reads')) refuse(at, 'read-replica reads the shadow always')
    return { strategy: named, primary, shadow }
  }
  const reads = given.get('reads') ?? 'primary'
  if (reads !== 'primary' && reads !== 'shadow') refuse(`${at}.reads`, 'is primary or shadow')
  return { strategy: named, primary, shadow, reads }
}

function documentSettings(input: unknown): NonNullable<StorageConfig['documents']> {
  const at = 'storage.documents'
  const given = fields(input, at, ['softDeleteRetentionMs', 'changeRetentionMs', 'indexes'])
  return {
    ...optional('softDeleteRetentionMs', given, at, positive),
    ...optional('changeRetentionMs', given, at, positive),
    ...optional('indexes', given, at, indexes),
  }
}

function indexes(input: unknown, at: string): readonly DeclaredIndex[] {
  const declared = list(input, at).map((one): DeclaredIndex => {
    const given = fields(one, at, ['collection', 'fields'])
    return {
      collection: text(given.get('collection'), `${at}.collection`),
      fields: list(given.get('fields'), `${at}.fields`).map((entry): Order => {
        const field = fields(entry, `${at}.fields`, ['field', 'direction'])
        const name = field.get('field')
        const direction = field.get('direction') ?? 'asc'
        checkField(name)
        if (direction !== 'asc' && direction !== 'desc') {
          refuse(`${at}.fields`, 'have a direction of asc or desc')
        }
        return { field: name, direction }
      }),
    }
  })
  parseIndexes(declared)
  return declared
}

function tenants(input: unknown, at: string): readonly string[] {
  const names = list(input, at)
  if (names.length === 0) refuse(at, 'must name a tenant')
  return names.map((name) => tenantId(text(name, at)))
}

function optional<Name extends string, T>(
  name: Name,
  given: ReadonlyMap<string, unknown>,
  at: string,
  parse: (value: unknown, at: string) => T,
): { [Key in Name]?: T } {
  const value = given.get(name)
  if (value === undefined) return {}
  return { [name]: parse(value, `${at}.${name}`) } as { [Key in Name]: T }
}

function fields(input: unknown, at: string, known?: readonly string[]): Map<string, unknown> {
  const found = new Map(entries(input, at))
  const unknown =
    known === undefined ? undefined : [...found.keys()].find((n) => !known.includes(n))
  if (unknown !== undefined) refuse(at, `has no field "${unknown.slice(0, 64)}"`)
  return found
}

function entries(input: unknown, at: string): [string, unknown][] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    refuse(at, 'must be an object')
  }
  return Object.entries(input)
}

function list(input: unknown, at: string): readonly unknown[] {
  return Array.isArray(input) ? (input as unknown[]) : refuse(at, 'must be a list')
}

function text(value: unknown, at: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(at, 'must be a text')
}

function positive(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  return refuse(at, 'must be a whole number above 0')
}

function refuse(at: string, what: string): never {
  throw new AppError('INVALID_INPUT', `${at} ${what}`)
}
