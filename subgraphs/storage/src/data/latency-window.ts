/**
 * How long calls took, and how they failed, over the last five minutes: a ring of slices of ten
 * seconds, each a histogram whose buckets grow by the eighth root of two, so that a percentile is
 * exact to within a tenth and recording costs a logarithm and an increment. (The idea of
 * HdrHistogram, http://hdrhistogram.org, without its digits.)
 */
export interface LatencyWindow {
  /** `failure` is the code of a backend's failure, if it was one. */
  record(tookMs: number, failure?: string): void
  read(): WindowReading
}

export interface WindowReading {
  readonly since: Date
  readonly count: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly failures: readonly { readonly code: string; readonly count: number }[]
}

const sliceMs = 10_000
const slices = 30
const bucketsPerOctave = 8
const smallestMs = 0.01
// Up to some three minutes; what took longer is counted there too.
const buckets = 24 * bucketsPerOctave

interface Slice {
  /** Number of the slice since 1970. */
  at: number
  readonly counts: Uint32Array
  readonly failures: Map<string, number>
}

export function createLatencyWindow(now: () => number): LatencyWindow {
  const ring = new Map<number, Slice>()
  const startedAt = now()

  function current(): Slice {
    const at = Math.floor(now() / sliceMs)
    const index = at % slices
    const known = ring.get(index)
    if (known === undefined) {
      const made: Slice = { at, counts: new Uint32Array(buckets), failures: new Map() }
      ring.set(index, made)
      return made
    }
    if (known.at !== at) {
      known.at = at
      known.counts.fill(0)
      known.failures.clear()
    }
    return known
  }

  return {
    record: (tookMs, failure) => {
      const { counts, failures } = current()
      const bucket = bucketOf(tookMs)
      counts[bucket] = (counts[bucket] ?? 0) + 1
      if (failure !== undefined) failures.set(failure, (failures.get(failure) ?? 0) + 1)
    },
    read: () => {
      const first = Math.floor(now() / sliceMs) - slices + 1
      const counts = new Uint32Array(buckets)
      const failures = new Map<string, number>()
      for (const slice of ring.values()) {
        if (slice.at < first) continue
        slice.counts.forEach((count, bucket) => (counts[bucket] = (counts[bucket] ?? 0) + count))
        for (const [code, count] of slice.failures) {
          failures.set(code, (failures.get(code) ?? 0) + count)
        }
      }
      const count = counts.reduce((sum, one) => sum + one, 0)
      return {
        since: new Date(Math.max(startedAt, first * sliceMs)),
        count,
        p50Ms: percentile(counts, count, 0.5),
        p99Ms: percentile(counts, count, 0.99),
        failures: [...failures]
          .map(([code, failed]) => ({ code, count: failed }))
          .sort((one, other) => (one.code < other.code ? -1 : 1)),
      }
    },
  }
}

function bucketOf(tookMs: number): number {
  if (!(tookMs > smallestMs)) return 0
  return Math.min(buckets - 1, Math.floor(Math.log2(tookMs / smallestMs) * bucketsPerOctave))
}

/** The middle of the bucket in which the percentile lies. */
function percentile(counts: Uint32Array, total: number, share: number): number | null {
  const rank = Math.ceil(total * share)
  let seen = 0
  for (const [bucket, count] of counts.entries()) {
    seen += count
    if (count > 0 && seen >= rank) {
      const middle = smallestMs * 2 ** ((bucket + 0.5) / bucketsPerOctave)
      return Number(middle.toPrecision(3))
    }
  }
  return null
}
