import { percentile } from './report.js'

/** One way of doing an operation. */
export type Contender = () => Promise<unknown>

export interface Rounds {
  readonly rounds: number
  readonly perRound: number
}

/** Latencies in milliseconds: the median over all rounds of what each round measured. */
export interface Measured {
  readonly p50: number
  readonly p99: number
}

export interface Comparison<Name extends string> {
  readonly of: Readonly<Record<Name, Measured>>
  /** The median over all rounds of the ratio within each: what slows a whole round cancels out. */
  ratio(one: Name, other: Name, share: 'p50' | 'p99'): number
}

/**
 * Runs the contenders in turn, one operation each, beginning with another one each time, so that
 * whatever else the machine does meets all of them alike. The first rounds only warm up.
 */
export async function interleave<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  { rounds, perRound }: Rounds,
): Promise<Comparison<Name>> {
  const names = Object.keys(contenders) as Name[]
  const measured: Record<Name, Measured>[] = []
  const warmUps = Math.ceil(rounds / 10)
  for (let round = -warmUps; round < rounds; round += 1) {
    const times = await runRound(names, contenders, perRound)
    if (round < 0) continue
    measured.push(
      recordOf(names, (name) => ({
        p50: percentile(times[name], 0.5),
        p99: percentile(times[name], 0.99),
      })),
    )
  }
  const median = (value: (round: Record<Name, Measured>) => number): number =>
    percentile(measured.map(value), 0.5)
  return {
    of: recordOf(names, (name) => ({
      p50: median((round) => round[name].p50),
      p99: median((round) => round[name].p99),
    })),
    ratio: (one, other, share) => median((round) => round[one][share] / round[other][share]),
  }
}

async function runRound<Name extends string>(
  names: readonly Name[],
  contenders: Readonly<Record<Name, Contender>>,
  perRound: number,
): Promise<Record<Name, number[]>> {
  const times = recordOf(names, (): number[] => [])
  for (let turn = 0; turn < perRound; turn += 1) {
    for (let place = 0; place < names.length; place += 1) {
      const name = names[(turn + place) % names.length]
      if (name === undefined) continue
      const begunAt = performance.now()
      await contenders[name]()
      times[name].push(performance.now() - begunAt)
    }
  }
  return times
}

function recordOf<Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>
}
