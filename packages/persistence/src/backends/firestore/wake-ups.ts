/**
 * One listener per partition that somebody waits for, shared by everybody who does. It follows the
 * query for the newest document: any put changes its answer, and it costs one read each. A delete
 * is noticed when it takes the newest document, and else by polling, which whoever waits does
 * anyway. Each (re)connection wakes everybody, because changes may have been missed before it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Database, WireQuery } from './database.js'

export interface WakeUps {
  /** `parent` is the document below which the records are. */
  subscribe(parent: string, collectionId: string, wake: () => void): () => void
  close(): void
}

interface Followed {
  readonly wakes: Set<() => void>
  readonly stop: AbortController
}

/** A connection carries 100 streams. Who comes later is not woken, and polls. */
const maxListeners = 90
const firstBackoffMs = 100
const maxBackoffMs = 10_000

export function createWakeUps(database: Database): WakeUps {
  const followed = new Map<string, Followed>()

  function start(key: string, parent: string, collectionId: string): Followed {
    const one: Followed = { wakes: new Set(), stop: new AbortController() }
    followed.set(key, one)
    void follow(database, parent, collectionId, one)
    return one
  }

  return {
    subscribe: (parent, collectionId, wake) => {
      const key = `${parent}/${collectionId}`
      const known = followed.get(key)
      if (known === undefined && followed.size >= maxListeners) return () => undefined
      const one = known ?? start(key, parent, collectionId)
      // A function of its own, so that the same `wake` subscribed twice is two subscriptions.
      const own = (): void => wake()
      one.wakes.add(own)
      return () => {
        one.wakes.delete(own)
        if (one.wakes.size > 0) return
        one.stop.abort()
        if (followed.get(key) === one) followed.delete(key)
      }
    },
    close: () => {
      for (const { stop } of followed.values()) stop.abort()
      followed.clear()
    },
  }
}

async function follow(
  database: Database,
  parent: string,
  collectionId: string,
  { wakes, stop }: Followed,
): Promise<void> {
  let failures = 0
  const wakeAll = (): void => {
    failures = 0
    for (const wake of wakes) wake()
  }
  while (!stop.signal.aborted) {
    await listen(database, parent, newest(collectionId), wakeAll, stop.signal).catch(
      () => undefined,
    )
    const waitMs = Math.random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures)
    failures += 1
    await delay(waitMs, undefined, { signal: stop.signal }).catch(() => undefined)
  }
}

function newest(collectionId: string): WireQuery {
  return {
    from: [{ collectionId }],
    orderBy: [{ field: { fieldPath: 'written_at' }, direction: 'DESCENDING' }],
    limit: { value: 1 },
  }
}

interface ListenMessage {
  readonly targetChange?: { readonly targetChangeType?: string | number | null } | null
  readonly documentChange?: unknown
  readonly documentDelete?: unknown
  readonly documentRemove?: unknown
}

/** Until the stream ends, whoever ends it. */
async function listen(
  database: Database,
  parent: string,
  structuredQuery: WireQuery,
  wake: () => void,
  signal: AbortSignal,
): Promise<void> {
  const client = await database.clients.listening()
  if (signal.aborted) return
  const stream = client.listen({ otherArgs: { headers: database.headers } })
  await new Promise<void>((resolve) => {
    const end = (): void => {
      stream.cancel()
      resolve()
    }
    stream.on('data', (message: ListenMessage) => {
      const type = message.targetChange?.targetChangeType
      if (type === 'REMOVE') end()
      const changed =
        message.documentChange ?? message.documentDelete ?? message.documentRemove ?? null
      if (changed !== null || type === 'CURRENT' || type === 'RESET') wake()
    })
    stream.on('error', () => resolve())
    stream.on('end', end)
    signal.addEventListener('abort', end, { once: true })
    stream.write({
      database: database.name,
      addTarget: { targetId: 1, query: { parent, structuredQuery } },
    })
  })
}
