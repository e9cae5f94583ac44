import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { HeirloomClient } from '@heirloom/client'
import type { Logs } from './logs.js'
import type { Random } from './random.js'

/** Ids that a writer was told are in the stream, and how. */
export interface Written {
  readonly streamId: string
  readonly ids: string[]
  /** Attempts that failed and were repeated. */
  retries: number
}

export interface Writers {
  readonly written: readonly Written[]
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

export interface WritersOptions {
  readonly logs: Logs
  readonly client: HeirloomClient
  readonly streamIds: readonly string[]
  readonly legacyId: string
  readonly eventsPerSecond: number
  readonly storiesPerSecond: number
  readonly random: Random
}

/** Of the machines that append: behind, right, ahead, and far off both ways. */
const skewsMs = [-2_000, 0, 2_000, -300_000, 120_000] as const
const retryMs = 200

/**
 * Appends until it is told to stop: per stream one writer for each skew straight to the log, in
 * batches of 1 to 5, and one through the API; and stories, which reach the timeline by outbox, bus
 * and projector. What is not acknowledged is repeated with the same id until it is.
 */
export function startWriters(options: WritersOptions): Writers {
  const { logs, client, random } = options
  const stopping = new AbortController()
  setMaxListeners(Infinity, stopping.signal)
  const written: Written[] = []
  const running: Promise<void>[] = []

  function start(
    streamId: string,
    name: string,
    everyMs: number,
    write: (ids: readonly string[]) => Promise<void>,
    maxBatch: number,
  ): void {
    const record: Written = { streamId, ids: [], retries: 0 }
    written.push(record)
    const loop = async (): Promise<void> => {
      for (let n = 0; !stopping.signal.aborted;) {
        const batch = Array.from(
          { length: random.between(1, maxBatch) },
          () => `${name}-${(n += 1)}`,
        )
        await repeat(record, () => write(batch))
        record.ids.push(...batch)
        await delay(random.waitMs(everyMs * batch.length), undefined, {
          signal: stopping.signal,
        }).catch(() => undefined)
      }
    }
    running.push(loop())
  }

  const timeline = `timeline/${options.legacyId}`
  const perStream = skewsMs.length + 1
  const everyMs = (1_000 * (options.streamIds.length + 1) * perStream) / options.eventsPerSecond
  // On the timeline they stand for projectors on other machines.
  for (const streamId of [...options.streamIds, timeline]) {
    for (const skewMs of skewsMs) {
      const store = logs.withSkew(skewMs)
      start(
        streamId,
        `${streamId}-skew${skewMs}`,
        everyMs,
        async (ids) => {
          const events = ids.map((id) => ({
            id,
            type: 'Tortured',
            occurredAt: new Date(Date.now() + skewMs),
            actorId: null,
            data: { id },
          }))
          await store.append(streamId, events)
        },
        5,
      )
    }
  }
  for (const streamId of options.streamIds) {
    start(streamId, `${streamId}-api`, everyMs, (ids) => appendByApi(client, streamId, ids), 3)
  }
  if (options.storiesPerSecond > 0) {
    start(
      timeline,
      'story',
      1_000 / options.storiesPerSecond,
      ([title = '']) => createStory(client, options.legacyId, title),
      1,
    )
  }
  return {
    written,
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

async function repeat(record: Written, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write()
    } catch {
      record.retries += 1
      await delay(retryMs)
    }
  }
}

async function appendByApi(
  client: HeirloomClient,
  streamId: string,
  ids: readonly string[],
): Promise<void> {
  const events = ids.map((id) => ({ id, type: 'Tortured', data: { id } }))
  await client.query(
    'mutation ($input: AppendEventInput!) { appendEvent(input: $input) { events { id } } }',
    { input: { streamId, events } },
  )
}

/** The same key for the same story, so that a repetition does not write it again. */
async function createStory(client: HeirloomClient, legacyId: string, title: string): Promise<void> {
  await client.query(
    `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
    { input: { legacyId, title, body: title, idempotencyKey: `torture-${title}` } },
  )
}
