import { setTimeout as sleep } from 'node:timers/promises'
import { HeirloomError } from '@heirloom/client'

export interface RetryOptions {
  readonly attempts: number
  readonly initialDelayMs: number
  readonly maxDelayMs: number
}

export const defaultRetry: RetryOptions = { attempts: 7, initialDelayMs: 250, maxDelayMs: 8_000 }

/** Repeats what fails retryably, waiting twice as long each time; the last failure is thrown. */
export async function withRetry<T>(
  work: () => Promise<T>,
  { attempts, initialDelayMs, maxDelayMs }: RetryOptions,
  signal: AbortSignal,
  onRetry: (error: HeirloomError, delayMs: number) => void,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const worthIt = error instanceof HeirloomError && error.retryable && attempt < attempts
      if (!worthIt || signal.aborted) throw error
      const full = Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1))
      const delayMs = Math.round(full * (0.5 + Math.random() / 2))
      onRetry(error, delayMs)
      await sleep(delayMs, undefined, { signal })
    }
  }
}
