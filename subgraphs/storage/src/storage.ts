import {
  createBackendPool,
  createMigrationRunner,
  createMigrations,
  createRoutedRecords,
  createRoutingRegistry,
  type Backend,
  type BackendPool,
  type LeaseTimes,
  type MigrationRunner,
  type Migrations,
  type RoutedRecords,
  type RoutingBootstrap,
  type RoutingRegistry,
} from '@heirloom/persistence'
import type { Logger } from '@heirloom/telemetry'
import { createIds, type NewId } from '@heirloom/tenancy'
import { announceSwitches } from './data/announce-switch.js'
import { createBackendMeters, type BackendMeters } from './data/backend-meters.js'
import { createCanvasFeedNotes, type CanvasFeedNotes } from './data/canvas-feed-notes.js'
import { createRoutedEventStreams, type RoutedEventStreams } from './data/routed-event-streams.js'
import { createCanvasFeeder, type CanvasFeeder } from './workers/canvas-feeder.js'
import { createExpiredRecords, type ExpiredRecords } from './workers/expired-records.js'

/** What the api and the worker of one process share. */
export interface Storage {
  readonly backends: BackendPool
  readonly meters: BackendMeters
  readonly registry: RoutingRegistry
  readonly records: RoutedRecords
  readonly streams: RoutedEventStreams
  readonly feedNotes: CanvasFeedNotes
  readonly migrations: Migrations
  /** Works on migrations from its start on; started and stopped by the worker. */
  readonly runner: MigrationRunner
  /** Likewise. */
  readonly canvasFeeder: CanvasFeeder
  /** Likewise. */
  readonly expiredRecords: ExpiredRecords
  /** Loads the routes. @throws AppError BACKEND_UNAVAILABLE */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface StorageOptions {
  readonly backends: readonly Backend[]
  readonly bootstrap: RoutingBootstrap
  /** The environment that this process runs in. */
  readonly env: string
  readonly logger: Logger
  readonly now?: () => number
  readonly newId?: NewId
  /** How long processes rely on what they know of the routes; the same in all of them. */
  readonly leases?: LeaseTimes
}

export function createStorage(options: StorageOptions): Storage {
  const { bootstrap, env, logger, now = Date.now } = options
  const meters = createBackendMeters(options.backends, now)
  const backends = createBackendPool(meters.backends)
  const newId = options.newId ?? createIds(now)
  const registry = createRoutingRegistry({
    bootstrap,
    backends,
    env,
    now,
    newId,
    ...(options.leases === undefined ? {} : { leases: options.leases }),
    announce: (change) => announce(change),
    onError: (error) => logger.error({ err: error }, 'routes cannot be followed; using the last'),
  })
  const records = createRoutedRecords(registry, backends, { now })
  const streams = createRoutedEventStreams(records, now)
  const feedNotes = createCanvasFeedNotes(() => registry.table(), now)
  const announce = announceSwitches(streams, bootstrap.registry.tenantId)
  return {
    backends,
    meters,
    registry,
    records,
    streams,
    feedNotes,
    migrations: createMigrations({ registry, backends, newId, now }),
    runner: createMigrationRunner({
      registry,
      backends,
      newId,
      now,
      onError: (error, migration) =>
        logger.error({ err: error, migration_id: migration?.id }, 'a migration has a difficulty'),
    }),
    canvasFeeder: createCanvasFeeder({
      notes: feedNotes,
      records,
      streams,
      now,
      onError: (error, canvas) =>
        logger.warn(
          { err: error, tenant_id: canvas?.tenantId, canvas_id: canvas?.canvasId },
          'a stream lacks commands of its canvas; trying again',
        ),
    }),
    expiredRecords: createExpiredRecords({ registry, backends, logger, now }),
    start: () => registry.start(),
    stop: async () => {
      await registry.stop()
      await backends.close()
    },
  }
}
