import type { Logger } from '@heirloom/telemetry'

/** Something that runs until it is told to stop. */
export interface Service {
  readonly name: string
  /** Resolves once it serves; may resolve to an address for the log. */
  start(): Promise<string | void>
  /** Finishes what is under way, then releases everything that `start` opened. */
  stop(): Promise<void>
}

const stopTimeoutMs = 10_000

/**
 * Runs services as one process: starts them in order, stops them in reverse order on SIGTERM or
 * SIGINT, and exits with 1 when one cannot start. A stop that hangs is cut off after 10 s. When
 * the process was started with an IPC channel, it says `ready` over it, and stops if it closes:
 * a child never outlives its parent.
 */
export async function runService(services: readonly Service[], logger: Logger): Promise<void> {
  const started: Service[] = []
  let stopping = false

  const stop = async (reason: string, code: number): Promise<void> => {
    if (stopping) return
    stopping = true
    logger.info({ reason }, 'stopping')
    setTimeout(() => process.exit(1), stopTimeoutMs).unref()
    for (const service of started.toReversed()) {
      await service.stop().catch((error: unknown) => logger.error({ err: error }, 'stop failed'))
    }
    process.exit(code)
  }
  process.once('SIGTERM', () => void stop('SIGTERM', 0))
  process.once('SIGINT', () => void stop('SIGINT', 0))
  process.once('disconnect', () => void stop('the parent is gone', 0))

  for (const service of services) {
    try {
      const address = await service.start()
      started.push(service)
      logger.info({ name: service.name, address }, 'started')
    } catch (error) {
      logger.fatal({ err: error, name: service.name }, 'cannot start')
      await stop(`${service.name} cannot start`, 1)
    }
  }
  // The channel may have closed before anybody listened for that.
  if ('connected' in process && !process.connected) await stop('the parent is gone', 0)
  process.send?.({ type: 'ready' })
}
