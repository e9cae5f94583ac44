import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.js'

/** Work that ends when it is told to, and answers with how often it was begun. */
function work() {
  let begun = 0
  const ends: (() => void)[] = []
  return {
    end: () => ends.splice(0).forEach((end) => end()),
    begin: async () => {
      begun += 1
      const answer = begun
      await new Promise<void>((resolve) => ends.push(resolve))
      return answer
    },
  }
}

describe('work in flight', () => {
  it('is done once for all who want the same, and anew afterwards', async () => {
    const inFlight = new InFlight<number>()
    const { begin, end } = work()
    const three = [1, 2, 3].map(() => inFlight.share('a', begin))
    const other = inFlight.share('b', begin)
    end()
    expect(await Promise.all([...three, other])).toEqual([1, 1, 1, 2])
    expect(inFlight.shared).toBe(2)
    const later = inFlight.share('a', begin)
    end()
    expect(await later).toBe(3)
  })

  it('that began before a change is not handed to who comes after it', async () => {
    const inFlight = new InFlight<number>()
    const { begin, end } = work()
    const before = inFlight.share('a', begin)
    inFlight.forget()
    const after = [inFlight.share('a', begin), inFlight.share('a', begin)]
    end()
    expect(await Promise.all([before, ...after])).toEqual([1, 2, 2])
  })

  it('that was forgotten does not end what began after it', async () => {
    const inFlight = new InFlight<number>()
    const [first, second] = [work(), work()]
    const old = inFlight.share('a', first.begin)
    inFlight.forget()
    const young = inFlight.share('a', second.begin)
    first.end()
    await old
    const joined = inFlight.share('a', second.begin)
    second.end()
    expect(await Promise.all([young, joined])).toEqual([1, 1])
  })

  it('that fails, fails for all, and is not kept', async () => {
    const inFlight = new InFlight<number>()
    const fail = () => Promise.reject(new Error('no'))
    const both = await Promise.allSettled([inFlight.share('a', fail), inFlight.share('a', fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await inFlight.share('a', () => Promise.resolve(7))).toBe(7)
  })
})
