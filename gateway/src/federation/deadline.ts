/**
 * Runs work that ends when `signal` aborts or the time is over, with a TimeoutError in the latter
 * case. Unlike AbortSignal.any it leaves nothing behind on a signal that lives for long.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const timer = setTimeout(
    () => controller.abort(new DOMException(`over after ${timeoutMs} ms`, 'TimeoutError')),
    timeoutMs,
  )
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
