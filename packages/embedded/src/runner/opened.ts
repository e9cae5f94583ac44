/** Something that a start has opened, to be closed in reverse order. */
export interface Opened {
  close(): Promise<void> | void
  /** At once, without waiting for anything. */
  kill?(): void
}

/** Waits for all of them, so that nothing is still being opened when one has failed. */
export async function settled<T extends readonly unknown[]>(works: {
  readonly [Index in keyof T]: Promise<T[Index]>
}): Promise<T> {
  const results = await Promise.allSettled(works)
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return results.map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  ) as unknown as T
}

/** "(1.2 s)" since `startedAtMs`. */
export function took(startedAtMs: number): string {
  return `(${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)`
}
