/**
 * Deletes what has expired where the backend does not do so by itself, backend by backend, again and
 * again. Several processes may do so at once. What expired less than an hour ago is left: a process
 * whose clock is behind may still read it.
 */
import type { BackendPool, OpenBackend, RoutingRegistry } from '@heirloom/persistence'
import type { Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'

export interface ExpiredRecordsOptions {
  readonly registry: Pick<RoutingRegistry, 'list'>
  readonly backends: BackendPool
  readonly logger: Logger
  readonly now: () => number
  /** From the end of one round to the beginning of the next. */
  readonly intervalMs?: number
}

export interface ExpiredRecords extends Service {
  /** One round over every backend that a route names; resolves to how many records were deleted. */
  purgeAll(): Promise<number>
}

const defaultIntervalMs = 600_000
const clockMarginMs = 3_600_000

export function createExpiredRecords(options: ExpiredRecordsOptions): ExpiredRecords {
  const { registry, backends, logger, now, intervalMs = defaultIntervalMs } = options
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let round: Promise<unknown> = Promise.resolve()

  async function purgeAll(): Promise<number> {
    const targets = registry
      .list()
      .flatMap((route) =>
        route.placement.shadow === null ? [route] : [route, route.placement.shadow],
      )
    const done = new Set<OpenBackend>()
    let purged = 0
    for (const { backendType, config } of targets) {
      if (stopping.signal.aborted) break
      const before = new Date(now() - clockMarginMs)
      try {
        // The pool gives the same one for the same config.
        const backend = backends.open(backendType, config)
        if (done.has(backend)) continue
        done.add(backend)
        purged += (await backend.purgeExpired?.(before, stopping.signal)) ?? 0
      } catch (error) {
        logger.warn({ err: error, backend: backendType }, 'cannot delete what has expired')
      }
    }
    return purged
  }

  async function work(): Promise<void> {
    const purged = await purgeAll()
    if (purged > 0) logger.info({ purged }, 'deleted records that had expired')
    if (!stopping.signal.aborted) plan()
  }

  function plan(): void {
    timer = setTimeout(() => {
      round = work()
    }, intervalMs).unref()
  }

  return {
    name: 'expired-records',
    purgeAll,
    start: () => {
      plan()
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await round
    },
  }
}
