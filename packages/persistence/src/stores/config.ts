/**
 * Versioned configuration of a tenant, or of the system, over a RecordTable (keys:
 * layouts/config.ts): for every surface, and for single ones. Versions are 1, 2, 3… without a gap
 * and never change. `latest` is a copy of the newest, written with it in one transact, on condition
 * that it is as the writer saw it.
 */
import { AppError } from '@heirloom/errors'
import { configLayout } from '../layouts/config.js'
import { paddedNumber } from '../keys.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable, TableRecord } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { identifier, invalid, jsonObject, oneOf, wholeNumber } from './input.js'
import { dateField, numberField, objectField, textField } from './record-fields.js'
import { readPage, type Page, type PageRequest } from './record-page.js'
import { surfacePart } from './surface.js'

export const configScopes = ['tenant', 'system'] as const
export type ConfigScope = (typeof configScopes)[number]

export interface ConfigVersion {
  readonly version: number
  readonly payload: JsonObject
  readonly savedAt: Date
  /** kind:id of the actor. */
  readonly savedBy: string
}

export interface ConfigStore {
  readonly scope: ConfigScope

  /**
   * Saves the next version. Atomic: of several writers that expect the same version exactly one
   * succeeds. `expectedVersion` is the newest that the writer knows, 0 for none; null overwrites
   * whatever is there. Repeated with an expectation it fails, and has then been written before.
   * @throws AppError STALE_REVISION with `details.expected` and `details.current`, INVALID_INPUT,
   *   PAYLOAD_TOO_LARGE, TIMEOUT when too many writers contend
   */
  save(
    surfaceId: string | null,
    config: { readonly payload: JsonObject; readonly savedBy: string },
    expectedVersion: number | null,
  ): Promise<ConfigVersion>

  /** Null when nothing was saved for just this surface. */
  latest(surfaceId: string | null): Promise<ConfigVersion | null>

  version(surfaceId: string | null, version: number): Promise<ConfigVersion | null>

  /** The newest first. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  versions(surfaceId: string | null, page: PageRequest): Promise<Page<ConfigVersion>>

  /**
   * Saves an old version's payload as the next version.
   * @throws AppError NOT_FOUND when there is no such version, and as `save`
   */
  restore(
    surfaceId: string | null,
    restored: { readonly version: number; readonly savedBy: string },
    expectedVersion: number | null,
  ): Promise<ConfigVersion>
}

export interface FoundConfig extends ConfigVersion {
  readonly scope: ConfigScope
  readonly surfaceId: string | null
}

// The largest that version keys of nine digits hold.
const maxVersion = 999_999_999
const versionDigits = 9

export const configKeys = {
  latest: recordKeys(configLayout.records.latest),
  version: recordKeys(configLayout.records.version),
}

/** The system's config lies with the tenant that runs the platform: bind the table to that one. */
export function createConfigStore(
  table: RecordTable,
  givenScope: ConfigScope,
  options: StoreOptions = {},
): ConfigStore {
  const now = options.now ?? Date.now
  const scope = oneOf(configScopes, givenScope, 'the scope')
  const latestSk = configKeys.latest.sk({})

  function partition(surfaceId: string | null): string {
    return configKeys.latest.pk({ scope, surface_id: surfacePart(surfaceId) })
  }

  async function version(surfaceId: string | null, n: number): Promise<ConfigVersion | null> {
    wholeNumber(n, 'the version', 1, maxVersion)
    const record = await table.get(partition(surfaceId), versionSk(n))
    return record === null ? null : readVersion(record)
  }

  async function save(
    surfaceId: string | null,
    { payload, savedBy }: { readonly payload: JsonObject; readonly savedBy: string },
    expectedVersion: number | null,
  ): Promise<ConfigVersion> {
    const pk = partition(surfaceId)
    jsonObject(payload, 'the payload')
    identifier(savedBy, 'the actor')
    if (expectedVersion !== null) wholeNumber(expectedVersion, 'the version', 0, maxVersion)
    return untilWritten('this config', options.random, async () => {
      const record = await table.get(pk, latestSk)
      const current = record === null ? 0 : numberField(record.value, 'version')
      if (expectedVersion !== null && expectedVersion !== current) {
        throw stale(expectedVersion, current)
      }
      if (current === maxVersion) throw invalid('this config has no versions left')
      const next = { version: current + 1, payload, savedAt: new Date(now()), savedBy }
      const value = writeVersion(next)
      const expect = record === null ? 'absent' : { version: record.version }
      const written = await tryTransact(table, pk, [
        { op: 'put', sk: latestSk, value, expect },
        { op: 'put', sk: versionSk(next.version), value, expect: 'absent' },
      ])
      return written ? next : null
    })
  }

  return {
    scope,
    save,
    latest: async (surfaceId) => {
      const record = await table.get(partition(surfaceId), latestSk)
      return record === null ? null : readVersion(record)
    },
    version,
    versions: async (surfaceId, page) => {
      const list = { prefix: configKeys.version.prefix({}), order: 'descending' } as const
      return readPage(table, partition(surfaceId), list, page, readVersion)
    },
    restore: async (surfaceId, { version: n, savedBy }, expectedVersion) => {
      const old = await version(surfaceId, n)
      if (old === null) throw new AppError('NOT_FOUND', `there is no version ${n} of this config`)
      return save(surfaceId, { payload: old.payload, savedBy }, expectedVersion)
    },
  }
}

/**
 * The config that holds on a surface: the tenant's for it, the tenant's for every surface, the
 * system's for it, the system's for every surface; the first that there is, whole and not merged.
 * Four reads at four moments.
 */
export async function findConfig(
  stores: { readonly tenant: ConfigStore; readonly system: ConfigStore },
  surfaceId: string | null,
): Promise<FoundConfig | null> {
  const surfaces = surfaceId === null ? [null] : [surfaceId, null]
  const places = [stores.tenant, stores.system].flatMap((store) =>
    surfaces.map((surface) => ({ store, surface })),
  )
  const found = await Promise.all(places.map(({ store, surface }) => store.latest(surface)))
  const at = found.findIndex((config) => config !== null)
  const config = found[at]
  const place = places[at]
  if (config === undefined || config === null || place === undefined) return null
  return { ...config, scope: place.store.scope, surfaceId: place.surface }
}

function versionSk(n: number): string {
  return configKeys.version.sk({ n: paddedNumber(n, versionDigits) })
}

function writeVersion(config: ConfigVersion): JsonObject {
  return {
    version: config.version,
    payload: config.payload,
    saved_at: config.savedAt.toISOString(),
    saved_by: config.savedBy,
  }
}

function readVersion({ value }: TableRecord): ConfigVersion {
  return {
    version: numberField(value, 'version'),
    payload: objectField(value, 'payload'),
    savedAt: dateField(value, 'saved_at'),
    savedBy: textField(value, 'saved_by'),
  }
}

function stale(expected: number, current: number): AppError {
  return new AppError('STALE_REVISION', 'the config changed since it was read', {
    details: { expected, current },
  })
}
