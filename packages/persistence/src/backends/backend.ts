import type { Records } from '../ports/record-table.js'
import type { BackendConfig, ConfigSpec } from './config-spec.js'

/** Every backend that a route may name, whether or not this build can open it. */
export const backendTypes = [
  'postgres',
  'dynamodb',
  'firestore',
  'cosmos',
  'filesystem',
  'memory',
] as const
export type BackendType = (typeof backendTypes)[number]

/** Kept on one machine, or gone with the process: for trying things out, never for a customer. */
export const labOnlyBackends: readonly BackendType[] = ['filesystem', 'memory']

/** A store product that implements the ports once, for every store. */
export interface Backend {
  readonly type: BackendType
  /** The fields that a route's config for this backend has. */
  readonly configSpec: ConfigSpec
  /**
   * Opens it; connects when it is first used. The caller closes it.
   * @throws AppError INVALID_INPUT for a config that cannot work here
   */
  open(config: BackendConfig): OpenBackend
}

export interface OpenBackend {
  readonly records: Records
  /** @throws AppError BACKEND_UNAVAILABLE */
  ping(): Promise<void>
  /**
   * Creates what the backend, and the kind of store, needs and does not find. Safe to repeat;
   * nothing that exists is removed. What the service refuses is reported; only what makes all of it
   * pointless is thrown.
   * @throws AppError BACKEND_UNAVAILABLE
   */
  provision?(needs?: StoreNeeds): Promise<ProvisionReport>
  /**
   * Deletes records of all tenants that expired before, until the signal aborts; resolves to how
   * many. Only where the backend does not do so by itself. Safe to repeat, and to run twice at once.
   * @throws AppError BACKEND_UNAVAILABLE
   */
  purgeExpired?(before: Date, signal: AbortSignal): Promise<number>
  close(): Promise<void>
}

/** What a kind of store wants of one backend besides room for its records. */
export interface StoreNeeds {
  /** Where records lie that have a place of their own: collections of Firestore, containers. */
  readonly collections: readonly NeededCollection[]
  /** For other readers of the data: the stores need none. */
  readonly indexes: readonly NeededIndex[]
}

export interface NeededCollection {
  /** The last part of its path; null when it is known by the key of a record alone. */
  readonly name: string | null
  /** The kind of record in it, for a person. */
  readonly record: string
}

export interface NeededIndex {
  readonly name: string
  /** Of the value, in this order; the records that lack the first one are left out. */
  readonly fields: readonly { readonly name: string; readonly type: 'text' | 'number' }[]
  /** As above; null where records lie in the table or container of the route. */
  readonly collection: string | null
}

/** Each step in a few words that a person can act on. */
export interface ProvisionReport {
  readonly done: readonly string[]
  /** Was there already. */
  readonly found: readonly string[]
  readonly refused: readonly ProvisionRefusal[]
}

export interface ProvisionRefusal {
  readonly step: string
  readonly reason: string
  /** For somebody with more rights to run instead, in a shell; null where no command can do it. */
  readonly command: string | null
}
