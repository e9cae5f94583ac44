/** Remembers decisions for a short time, and never more than `maxEntries` of them. */
export interface DecisionCache {
  /** The remembered decision, or the one that `decide` makes now. What throws is not remembered. */
  get(key: string, decide: () => boolean): boolean
  readonly size: number
}

export interface DecisionCacheOptions {
  readonly ttlMs: number
  readonly maxEntries: number
  readonly now: () => number
}

/** A map in order of insertion, which is the order of expiry too: the first entry goes first. */
export function createDecisionCache({
  ttlMs,
  maxEntries,
  now,
}: DecisionCacheOptions): DecisionCache {
  const entries = new Map<string, { readonly allowed: boolean; readonly expiresAtMs: number }>()
  return {
    get: (key, decide) => {
      const found = entries.get(key)
      const atMs = now()
      if (found !== undefined && atMs < found.expiresAtMs) return found.allowed
      const allowed = decide()
      entries.delete(key)
      if (entries.size >= maxEntries) dropOldest(entries)
      entries.set(key, { allowed, expiresAtMs: atMs + ttlMs })
      return allowed
    },
    get size() {
      return entries.size
    },
  }
}

function dropOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next()
  if (oldest.done !== true) entries.delete(oldest.value)
}
