import type { StorageConfig } from '../../documents/config.js'
import type { Storage } from '../../documents/storage.js'

/** Stores as the contract suites get them: on real servers, opened as a service opens them. */
export interface StorageRig {
  readonly name: string
  start(): Promise<RunningStorage>
}

export interface OpenStorageOptions {
  readonly now?: () => number
  readonly documents?: StorageConfig['documents']
}

export interface RunningStorage {
  /** Each call is another process, as far as the backends can tell. */
  open(options?: OpenStorageOptions): Promise<Storage>
  stop(): Promise<void>
}

/** The only tenant that may see the database `vault` of every rig. */
export const vaultTenant = 't_vault'

/** `default` and `archive` are open to all tenants, `vault` is one tenant's own. */
export function rigConfig(
  backends: StorageConfig['backends'],
  bound: StorageConfig['databases'][string],
  documents: StorageConfig['documents'],
): StorageConfig {
  return {
    backends,
    databases: { default: bound, archive: {}, vault: { tenants: [vaultTenant] } },
    ...(documents === undefined ? {} : { documents }),
  }
}
