/**
 * Removes events that no rule keeps any longer, stream by stream, again and again. Several processes
 * may do so at once: a trim never removes what is kept, whoever else trims (persistence,
 * stores/event-stream-trim.ts). A stream that cannot be trimmed now is left for the next round.
 */
import { storedStreams } from '@heirloom/persistence'
import type { Service } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import { keptOf, type RetentionRule } from '../domain/retention.js'
import type { Storage } from '../storage.js'

export interface StreamRetentionOptions {
  readonly storage: Pick<Storage, 'registry' | 'backends' | 'streams'>
  readonly rules: readonly RetentionRule[]
  /** From the end of one round to the beginning of the next. */
  readonly intervalMs: number
  readonly logger: Logger
}

export interface StreamRetention extends Service {
  /** One round over every stream; resolves to the number of events removed. */
  trimAll(): Promise<number>
}

export function createStreamRetention(options: StreamRetentionOptions): StreamRetention {
  const { storage, rules, intervalMs, logger } = options
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let round: Promise<unknown> = Promise.resolve()

  async function trimAll(): Promise<number> {
    if (rules.length === 0) return 0
    let removed = 0
    for await (const { tenantId, streamId } of storedStreams(storage.registry, storage.backends)) {
      if (stopping.signal.aborted) break
      const kept = keptOf(rules, tenantId, streamId)
      if (kept === undefined) continue
      const streams = storage.streams.for(tenantId)
      try {
        for (let more = true; more && !stopping.signal.aborted;) {
          const trimmed = await streams.trim(streamId, kept)
          removed += trimmed.removed
          more = trimmed.more
        }
      } catch (error) {
        logger.warn({ err: error, tenant_id: tenantId, stream: streamId }, 'cannot trim a stream')
      }
    }
    return removed
  }

  async function work(): Promise<void> {
    try {
      const removed = await trimAll()
      if (removed > 0) logger.info({ removed }, 'removed events that need not be kept')
    } catch (error) {
      logger.warn({ err: error }, 'cannot look for streams to trim')
    }
    if (!stopping.signal.aborted) plan()
  }

  function plan(): void {
    timer = setTimeout(() => {
      round = work()
    }, intervalMs).unref()
  }

  return {
    name: 'stream-retention',
    trimAll,
    start: () => {
      if (rules.length > 0) plan()
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await round
    },
  }
}
