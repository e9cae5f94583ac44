import { HeirloomError } from './heirloom-error.js'

/** Events that wait for a slow consumer; beyond them the connection is given up and resumed later. */
export const maxWaiting = 1_000

/** Items from one pushing connection to one reader, in order. The first end counts. */
export interface Mailbox<T> {
  put(item: T): void
  end(): void
  fail(error: HeirloomError): void
  /**
   * What was put, then the end. Returns at once when the signal aborts.
   * @throws HeirloomError that it failed with, after what was put before
   */
  read(): AsyncGenerator<T, void, void>
}

/**
 * A WebSocket of a browser cannot be paused, so a consumer that falls far behind fails the
 * connection: nothing is lost, since reading goes on from the cursor of what was read.
 */
export function createMailbox<T>(signal: AbortSignal): Mailbox<T> {
  const waiting: T[] = []
  let end: { readonly error?: HeirloomError } | undefined
  let wake = (): void => undefined

  const finish = (error?: HeirloomError): void => {
    end ??= error === undefined ? {} : { error }
    wake()
  }
  const stop = (): void => finish()

  async function* read(): AsyncGenerator<T, void, void> {
    signal.addEventListener('abort', stop)
    try {
      for (;;) {
        if (signal.aborted) return
        const next = waiting.shift()
        if (next !== undefined) yield next
        else if (end === undefined) await new Promise<void>((resolve) => (wake = resolve))
        else if (end.error !== undefined) throw end.error
        else return
      }
    } finally {
      signal.removeEventListener('abort', stop)
      finish()
    }
  }

  return {
    put: (item) => {
      if (end !== undefined) return
      if (waiting.length >= maxWaiting) return finish(tooSlow())
      waiting.push(item)
      wake()
    },
    end: stop,
    fail: finish,
    read,
  }
}

function tooSlow(): HeirloomError {
  const message = `onEvent is slower than the stream: ${maxWaiting} events were waiting`
  return new HeirloomError('CONSUMER_TOO_SLOW', message, { retryable: true })
}
