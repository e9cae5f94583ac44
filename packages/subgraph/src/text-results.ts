import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { MessageType } from 'graphql-ws'
import type { Extra } from 'graphql-ws/use/ws'

/** A source of events that are taken many at a time. */
export interface BatchSource {
  /** At least one, as soon as there are any; undefined at the end. */
  nextBatch(max: number): Promise<readonly unknown[] | undefined>
  /** Called when it ended for a reason of its own while nobody asked; the next call throws it. */
  onEnd: (() => void) | undefined
  close(): void
}

/** The result of a subscription for one event, as JSON text: `{"data":{…}}`. */
export type ResultText = (event: unknown) => string

/** How results of this operation are written as text; undefined: graphql-js executes it. */
export type ResultTexts = (args: ExecutionArgs) => ResultText | undefined

export type Results = AsyncGenerator<ExecutionResult, void, void>

const maxBatch = 256

export function isBatchSource(source: unknown): source is BatchSource {
  return typeof source === 'object' && source !== null && 'nextBatch' in source
}

/**
 * Sends the results of one operation itself, many in one write to the socket, and yields none of
 * them; it ends and fails as the source does. Invariants: the next events are taken when the last
 * ones have left for the network, so a client that does not read holds one batch in memory and its
 * source feels it; nothing is sent once the operation was ended.
 */
export function sendTexts(
  { socket, request }: Extra,
  id: string,
  source: BatchSource,
  text: ResultText,
): Results {
  const begin = `{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`
  let ended = false
  let wake: (() => void) | undefined
  source.onEnd = () => wake?.()

  async function send(events: readonly unknown[]): Promise<void> {
    const left = new Promise<void>((resolve) => (wake = resolve))
    const last = events.length - 1
    // The frames of a batch leave together: one system call for many events.
    request.socket.cork()
    try {
      for (const [index, event] of events.entries()) {
        socket.send(`${begin}${text(event)}}`, index === last ? () => wake?.() : undefined)
      }
    } finally {
      request.socket.uncork()
    }
    await left
    wake = undefined
  }

  const results: Results = {
    next: async () => {
      for (;;) {
        const events = await source.nextBatch(maxBatch)
        if (events === undefined || isOver()) return { done: true, value: undefined }
        await send(events)
      }
    },
    return: () => {
      ended = true
      source.close()
      wake?.()
      return Promise.resolve({ done: true, value: undefined })
    },
    throw: async (error) => {
      await results.return()
      throw error
    },
    [Symbol.asyncIterator]: () => results,
  }

  function isOver(): boolean {
    return ended || socket.readyState !== socket.OPEN
  }
  return results
}
