/**
 * RecordTable on Firestore in Native mode: a record is a document (places.ts says where).
 *
 *   pk, sk      the keys as the store gives them
 *   key         what queries go by: a digest of tenant and partition, then the sort key; Firestore
 *               sorts texts by their UTF-8 too
 *   tenant_id   whose record it is; compared on every read
 *   value       the value as a map; or `json`, its text, where Firestore has no such map (arrays
 *               within arrays, reserved names, deep nesting, very many fields)
 *   nonce       random, made by the writer: a commit that changes nothing would keep its old update
 *               time, and a writer recognises its own commit
 *   written_at  the server's clock, what listeners go by
 *   expires_at  what reads and expectations go by, and the field of the TTL policy, which deletes
 *               within a day
 *   …           the fields that a layout names, copied out of the value for indexes
 *
 * The version is the update time of the document, which Firestore lets grow with every change, and
 * its expiry. A write is one commit with preconditions, of one document or of several at once; only
 * when it is refused are documents read to say why (writes.ts). Commits are serializable, reads
 * strongly consistent, and a page is read at one moment. Contention (ABORTED), throttling and lost
 * answers are repeated within bounds (calls.ts). A listener per partition wakes those who wait.
 * What is too large is refused before it is sent.
 *
 * The tenant is part of every path and of every `key`. A key becomes a document id by reversible
 * escapes (vendor-id.ts) of `/`, `.`, `..` and `__…__`, which ids cannot be.
 *
 * Not given: more than about one write a second to the same document, and 500 a second to a
 * partition whose sort keys only grow (Firestore's soft limits); beyond, it contends and throttles.
 */
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '../backend.js'
import type { BackendConfig, ConfigSpec } from '../config-spec.js'
import type { CallTiming } from './calls.js'
import { createClients, type ClientSettings } from './clients.js'
import { createDatabase } from './database.js'
import { createFirestoreRecordTable } from './firestore-record-table.js'
import { collectionIds, createPlaces } from './places.js'
import { provision } from './provision.js'
import { scan } from './scan.js'
import { createWakeUps } from './wake-ups.js'

export interface FirestoreEnvironment {
  /**
   * The endpoints that a route may name, `host:port`, all of them emulators. A route is written by
   * people of a tenant, and must not send this process wherever they like.
   */
  readonly firestoreEndpoints?: readonly string[]
  /** The secret behind `secret:NAME`, asked for by NAME whenever credentials are due. */
  readonly secrets?: (name: string) => Promise<string>
  readonly now?: () => number
}

const configSpec: ConfigSpec = {
  project: { required: true },
  /** The collection of partitions, `records` unless given. */
  collection: { required: false },
  /** `(default)` unless given. */
  database: { required: false },
  endpoint: { required: false },
  /** A service account's key; without it, what the process itself is given (the SDK's chain). */
  credentials: { required: false, secret: true },
}

// All of them end up in paths, so nothing else may pass.
const projectPattern = /^(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{2,61}[a-z0-9]$/
const databasePattern = /^(?:\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/
const collectionPattern = /^[A-Za-z][A-Za-z0-9_-]{0,127}$/
const endpointPattern = /^([A-Za-z0-9.-]{1,253}):(\d{1,5})$/

const pingCollection = 'heirloom_ping'

export function createFirestoreBackend(
  environment: FirestoreEnvironment,
  timing: CallTiming = {},
): Backend {
  const now = environment.now ?? Date.now
  return {
    type: 'firestore',
    configSpec,
    open: (config) => {
      const settings: ClientSettings = {
        project: matching(projectPattern, config, 'project'),
        endpoint: allowedEndpoint(config, environment.firestoreEndpoints ?? []),
        credentials: credentialsOf(config, environment.secrets),
      }
      const place: Place = {
        database: matching(databasePattern, config, 'database', '(default)'),
        collection: matching(collectionPattern, config, 'collection', 'records'),
      }
      return openFirestore(settings, place, timing, now)
    },
  }
}

interface Place {
  readonly database: string
  readonly collection: string
}

function openFirestore(
  settings: ClientSettings,
  place: Place,
  timing: CallTiming,
  now: () => number,
): OpenBackend {
  const clients = createClients(settings)
  const where = { project: settings.project, database: place.database }
  const database = createDatabase(clients, where, settings.endpoint !== undefined, timing)
  const root = `${database.name}/documents`
  const wakeUps = createWakeUps(database)
  return {
    records: {
      for: (tenant, layout) => {
        const places = createPlaces(root, place.collection, tenant, layout)
        return createFirestoreRecordTable(database, places, wakeUps, tenant, layout, now)
      },
      scan: (range, layout) => scan(database, place.collection, range, layout, now()),
    },
    ping: async () => {
      await database.get([`${root}/${pingCollection}/ping`])
    },
    provision: (needs) => provision(database, Object.values(collectionIds), needs),
    close: async () => {
      wakeUps.close()
      await clients.close()
    },
  }
}

function matching(pattern: RegExp, config: BackendConfig, field: string, otherwise = ''): string {
  const value = config[field] ?? otherwise
  if (pattern.test(value)) return value
  throw new AppError('INVALID_INPUT', `the config field "${field}" is no ${field} of Firestore`)
}

function allowedEndpoint(
  config: BackendConfig,
  allowed: readonly string[],
): ClientSettings['endpoint'] {
  const { endpoint } = config
  if (endpoint === undefined) return undefined
  const [, host, port] = endpointPattern.exec(endpoint) ?? []
  if (host === undefined || !allowed.includes(endpoint)) {
    throw new AppError(
      'INVALID_INPUT',
      'the config field "endpoint" is none that this process allows',
    )
  }
  if (config['credentials'] !== undefined) {
    throw new AppError('INVALID_INPUT', 'an endpoint is an emulator, and gets no credentials')
  }
  return { host, port: Number(port) }
}

function credentialsOf(
  config: BackendConfig,
  secrets: FirestoreEnvironment['secrets'],
): ClientSettings['credentials'] {
  const { credentials } = config
  if (credentials === undefined) return undefined
  if (secrets === undefined) {
    throw new AppError('INVALID_INPUT', 'this process was given no secrets: leave credentials out')
  }
  return () => secrets(credentials.replace(/^secret:/, ''))
}
