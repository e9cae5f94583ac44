import { describe, expect, it } from 'vitest'
import { AppError, hasCode } from '@heirloom/errors'
import { LeasedBudget, type BudgetStore } from './leased-budget.js'

// Several processes are several budgets over one store.

const windowMs = 60_000

interface Fixture {
  readonly processes: readonly LeasedBudget[]
  readonly clock: { now: number }
  readonly asked: () => number
}

/** A store as the table is: windows begin with the first who adds. */
function fixture(limit: number, count: number): Fixture {
  const clock = { now: 1_000 }
  const rows = new Map<string, { total: number; endsAt: number }>()
  let asked = 0
  const store: BudgetStore = {
    add: async (key, points) => {
      asked += 1
      await new Promise((resolve) => setImmediate(resolve))
      const row = rows.get(key)
      const current =
        row !== undefined && row.endsAt > clock.now
          ? { ...row, total: row.total + points }
          : { total: points, endsAt: clock.now + windowMs }
      rows.set(key, current)
      return { total: current.total, endsInMs: current.endsAt - clock.now }
    },
  }
  const processes = Array.from(
    { length: count },
    () =>
      new LeasedBudget({
        limit,
        windowMs,
        store,
        now: () => clock.now,
        refusal: (retry_after_ms) =>
          new AppError('RATE_LIMITED', 'too many', { details: { retry_after_ms } }),
      }),
  )
  return { processes, clock, asked: () => asked }
}

async function tryTake(budget: LeasedBudget, key: string, points = 1): Promise<boolean> {
  try {
    await budget.take(key, points)
    return true
  } catch (error) {
    if (hasCode(error, 'RATE_LIMITED')) return false
    throw error
  }
}

describe('a budget that processes share', () => {
  it.each([
    [10, 1],
    [10, 4],
    [1_000, 3],
    [5_000, 7],
  ])('of %i is never overspent by %i processes that all want more', async (limit, count) => {
    const { processes, clock } = fixture(limit, count)
    for (let window = 0; window < 3; window += 1) {
      const tries = processes.flatMap((budget) =>
        Array.from({ length: limit }, (_, at) => tryTake(budget, 'k', 1 + (at % 3))),
      )
      const taken = (await Promise.all(tries)).reduce(
        (sum, isTaken, at) => sum + (isTaken ? 1 + ((at % limit) % 3) : 0),
        0,
      )
      expect(taken).toBeLessThanOrEqual(limit)
      // What a lease may leave unspent, and the remainder that nobody's points fit into.
      expect(taken).toBeGreaterThan(limit - count * (limit / 50 + 3))
      clock.now += windowMs + 1
    }
  })

  it('asks the store for one point in fifty, and is not waited for otherwise', async () => {
    const { processes, asked } = fixture(1_000, 1)
    const [budget] = processes
    let waited = 0
    for (let at = 0; at < 1_000; at += 1) {
      const taken = budget?.take('k')
      if (taken !== undefined) waited += 1
      await taken
    }
    expect(asked()).toBe(50)
    expect(waited).toBe(50)
    expect(() => budget?.take('k')).toThrow('too many')
    expect(asked()).toBe(50)
  })

  it('gives many who wait at once what they need in few turns', async () => {
    const { processes, asked } = fixture(100, 1)
    const [budget] = processes
    if (budget === undefined) throw new Error('unreachable')
    await Promise.all(Array.from({ length: 100 }, () => tryTake(budget, 'k')))
    expect(asked()).toBeLessThan(6)
  })

  it('keeps keys apart, says when to come back, and lets in again then', async () => {
    const { processes, clock } = fixture(2, 1)
    const [budget] = processes
    if (budget === undefined) throw new Error('unreachable')
    expect(await tryTake(budget, 'a', 2)).toBe(true)
    clock.now += 20_000
    expect(() => budget.take('a')).toThrow(
      expect.objectContaining({ details: { retry_after_ms: 40_000 } }) as Error,
    )
    expect(await tryTake(budget, 'b')).toBe(true)
    clock.now += 40_001
    expect(await tryTake(budget, 'a')).toBe(true)
  })

  it('refuses at once what is more than there ever is', () => {
    const { processes, asked } = fixture(10, 1)
    expect(() => processes[0]?.take('k', 11)).toThrow('too many')
    expect(asked()).toBe(0)
  })
})
