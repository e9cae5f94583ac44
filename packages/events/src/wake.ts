/** A bell that may ring before anybody waits: the next wait then ends at once. */
export interface Wake {
  ring(): void
  /** Resolves when the bell rings, after `timeoutMs`, or when the signal aborts. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>
}

export function createWake(): Wake {
  let rung = false
  let answer: (() => void) | undefined
  return {
    ring: () => {
      rung = true
      answer?.()
    },
    wait: async (timeoutMs, signal) => {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            answer = undefined
            resolve()
          }
          const timer = setTimeout(done, timeoutMs)
          signal.addEventListener('abort', done, { once: true })
          answer = done
        })
      }
      rung = false
    },
  }
}
