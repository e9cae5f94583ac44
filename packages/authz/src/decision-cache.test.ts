import { describe, expect, it } from 'vitest'
import { createDecisionCache } from './decision-cache.js'

function cacheOf(maxEntries: number, ttlMs = 1_000) {
  let nowMs = 0
  const cache = createDecisionCache({ ttlMs, maxEntries, now: () => nowMs })
  const asked: string[] = []
  const ask = (key: string, allowed = true) =>
    cache.get(key, () => {
      asked.push(key)
      return allowed
    })
  return {
    cache,
    ask,
    asked,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

describe('a remembered decision', () => {
  it('is not made again, whether it allowed or denied', () => {
    const { ask, asked } = cacheOf(10)
    expect([ask('a'), ask('a', false), ask('b', false), ask('b')]).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(asked).toEqual(['a', 'b'])
  })

  it('is made again once its time is over', () => {
    const { ask, asked, advance } = cacheOf(10)
    ask('a')
    advance(999)
    ask('a')
    advance(1)
    expect(ask('a', false)).toBe(false)
    expect(asked).toEqual(['a', 'a'])
  })

  it('gives way to newer ones, the oldest first', () => {
    const { ask, asked, cache } = cacheOf(2)
    for (const key of ['a', 'b', 'c', 'b', 'a']) ask(key)
    expect(cache.size).toBe(2)
    expect(asked).toEqual(['a', 'b', 'c', 'a'])
  })

  it('does not include what threw', () => {
    const { ask, cache } = cacheOf(2)
    const fail = () => {
      throw new Error('undecided')
    }
    expect(() => cache.get('a', fail)).toThrow('undecided')
    expect(cache.size).toBe(0)
    expect(ask('a')).toBe(true)
  })
})
