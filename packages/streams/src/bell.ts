/** Remembers that it rang until it is silenced, so that ringing before the wait is not lost. */
export interface Bell {
  ring(): void
  silence(): void
  /** Resolves when it has rung since it was silenced, the time has passed, or the signal aborts. */
  rung(timeoutMs: number): Promise<void>
}

export function createBell(signal: AbortSignal): Bell {
  let rang = false
  let wake: () => void = () => undefined
  return {
    ring: () => {
      rang = true
      wake()
    },
    silence: () => {
      rang = false
    },
    rung: (timeoutMs) =>
      new Promise<void>((resolve) => {
        if (rang || signal.aborted) return resolve()
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = () => undefined
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        signal.addEventListener('abort', done, { once: true })
        wake = done
      }),
  }
}
