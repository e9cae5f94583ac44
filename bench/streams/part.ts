import type { Bar, BenchOptions } from '../report.js'

/** One part of the benchmark of streams: it starts what it needs, measures, and stops it again. */
export interface StreamsPart {
  readonly name: string
  measure(options: BenchOptions): Promise<readonly Bar[]>
}
