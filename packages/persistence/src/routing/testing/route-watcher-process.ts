/** A process that follows the routes, and tells when it knew of each change. */
import { createBackendPool, createBackends, type BackendEnvironment } from '../../backends.js'
import { parseBootstrap } from '../bootstrap.js'
import { createRoutingRegistry } from '../registry.js'
import type { RouteRequest } from '../route.js'

export interface RouteWatcherOptions {
  readonly environment: BackendEnvironment
  readonly bootstrap: string
  /** What it asks the routes for, again and again. */
  readonly request: RouteRequest
}

/** The cost notes of the route that a request would take, and since when. */
export interface Seen {
  readonly costNotes: string | null
  readonly atMs: number
}

const options = JSON.parse(process.argv[2] ?? '{}') as RouteWatcherOptions
const backends = createBackendPool(createBackends(options.environment))
const registry = createRoutingRegistry({
  bootstrap: parseBootstrap(options.bootstrap),
  backends,
  env: 'test',
  newId: () => 'nothing is written here',
  announce: () => Promise.resolve(),
  onError: () => undefined,
})

function tell(): void {
  const { costNotes } = registry.resolve(options.request)
  process.send?.({ costNotes, atMs: Date.now() } satisfies Seen)
}

process.on('disconnect', () => process.exit(0))
await registry.start()
registry.onChange(tell)
tell()
