import { describe, expect, it } from 'vitest'
import { accountOf, isClean, unkept } from './ledger.js'
import { seeded } from './random.js'
import type { Subscriber } from './subscribers.js'

const log = ['a', 'b', 'c', 'd']

function handed(...seen: string[]): Subscriber {
  return {
    name: '1 plain',
    way: 'plain',
    streamId: 's',
    seen,
    partial: 0,
    repeated: 0,
    interruptions: 0,
    rebirths: 0,
    failure: null,
    rebirth: () => undefined,
    hurry: () => undefined,
    stop: () => undefined,
  }
}

describe('the ledger of the torture', () => {
  it('is clean for one who was handed the log', () => {
    const account = accountOf(handed(...log), log)
    expect(account).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, unknown: 0 })
    expect(isClean([account])).toBe(true)
  })

  it.each([
    ['lost', ['a', 'c', 'd'], { lost: 1, doubled: 0, outOfOrder: 0, unknown: 0 }],
    ['lost at the end', ['a', 'b', 'c'], { lost: 1, doubled: 0, outOfOrder: 0, unknown: 0 }],
    ['doubled', ['a', 'b', 'b', 'c', 'd'], { lost: 0, doubled: 1, outOfOrder: 0, unknown: 0 }],
    [
      'doubled later',
      ['a', 'b', 'c', 'a', 'd'],
      { lost: 0, doubled: 1, outOfOrder: 0, unknown: 0 },
    ],
    ['late', ['a', 'c', 'b', 'd'], { lost: 0, doubled: 0, outOfOrder: 1, unknown: 0 }],
    [
      'not of the log',
      ['a', 'b', 'x', 'c', 'd'],
      { lost: 0, doubled: 0, outOfOrder: 0, unknown: 1 },
    ],
  ])('tells of an event that is %s', (_what, seen, counts) => {
    const account = accountOf(handed(...seen), log)
    expect(account).toMatchObject(counts)
    expect(isClean([account])).toBe(false)
  })

  it('tells of what was acknowledged and is not kept once', () => {
    const kept = (id: string, title?: string) => ({
      id,
      position: 1,
      type: 'T',
      occurredAt: new Date(0),
      actorId: null,
      data: { title: title ?? null },
    })
    const logs = new Map([['s', [kept('a'), kept('x', 'story-1'), kept('b'), kept('b')]]])
    const written = [{ streamId: 's', ids: ['a', 'b', 'c', 'story-1'], retries: 0 }]
    expect(unkept(written, logs)).toEqual(['b', 'c'])
  })
})

it('repeats its chance for the same seed', () => {
  const draw = (seed: number): number[] => {
    const random = seeded(seed)
    return Array.from({ length: 20 }, () => random.between(0, 9))
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  expect(new Set(draw(7)).size).toBeGreaterThan(4)
})
