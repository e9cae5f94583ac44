import { parseArgs } from 'node:util'

/** One measured figure and the goal that it has to meet. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal: number
  /** min: the value must reach the goal; max: it must stay under it. */
  readonly direction: 'min' | 'max'
}

export interface BenchOptions {
  /** Fewer repetitions: a smoke test of the benchmark, not a figure to quote. */
  readonly quick: boolean
  readonly json: boolean
}

export function benchOptions(): BenchOptions {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
  })
  return { quick: values.quick ?? false, json: values.json ?? false }
}

/** Prints a table, or as the last line the JSON that tools read. */
export function report(bench: string, bars: readonly Bar[], options: BenchOptions): void {
  const judged = bars.map((bar) => ({
    ...bar,
    met: bar.direction === 'min' ? bar.value >= bar.goal : bar.value <= bar.goal,
  }))
  if (options.json) {
    console.log(JSON.stringify({ bench, bars: judged }))
    return
  }
  for (const { name, value, unit, goal, direction, met } of judged) {
    const sign = direction === 'min' ? '≥' : '≤'
    console.log(
      `${met ? 'met ' : 'MISS'}  ${name.padEnd(44)} ${value.toFixed(Math.abs(goal) < 10 ? 2 : 1).padStart(9)} ${unit}  (goal ${sign} ${goal})`,
    )
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
