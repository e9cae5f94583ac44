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
   * Creates what the backend needs and does not find. Safe to repeat; nothing that exists is
   * removed. What the service refuses is reported; only what makes all of it pointless is thrown.
   * @throws AppError BACKEND_UNAVAILABLE
   */
  provision?(): Promise<ProvisionReport>
  close(): Promise<void>
}

/** Each step in a few words that a person can act on. */
export interface ProvisionReport {
  readonly done: readonly string[]
  /** Was there already. */
  readonly found: readonly string[]
  readonly refused: readonly { readonly step: string; readonly reason: string }[]
}
