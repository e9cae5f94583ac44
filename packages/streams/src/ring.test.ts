import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRing, type Ring } from './ring.js'

function filled(count: number, limits: { maxEvents: number; maxBytes?: number }): Ring<string> {
  const ring = createRing<string>(0, limits)
  for (let key = 1; key <= count; key += 1) ring.append(key, `e${key}`, 1)
  return ring
}

function keysAfter(ring: Ring<string>, key: number): readonly number[] | undefined {
  return ring.after(key)?.map((entry) => entry.key)
}

describe('a ring', () => {
  it('hands out what follows each key that it holds, and nothing for one that fell out', () => {
    const ring = filled(5, { maxEvents: 3 })
    expect(keysAfter(ring, 1)).toBeUndefined()
    expect(keysAfter(ring, 2)).toEqual([3, 4, 5])
    expect(keysAfter(ring, 4)).toEqual([5])
    expect(keysAfter(ring, 5)).toEqual([])
    expect(keysAfter(ring, 6)).toBeUndefined()
    expect([ring.size, ring.startsAfter, ring.endsAt]).toEqual([3, 2, 5])
  })

  it('takes cursors as keys, and starts after the one it was made with', () => {
    const ring = createRing<string, string>('start', { maxEvents: 2 })
    expect(ring.after('start')).toEqual([])
    ring.append('a', 'one')
    expect(ring.after('start')).toMatchObject([{ key: 'a', event: 'one' }])
    expect(ring.after('elsewhere')).toBeUndefined()
  })

  it('hands out no more than the limit', () => {
    expect(filled(5, { maxEvents: 5 }).after(0, 2)).toHaveLength(2)
  })

  it('lets go of the oldest when the bytes are too many, but never of the newest', () => {
    const ring = createRing<string>(0, { maxEvents: 10, maxBytes: 100 })
    ring.append(1, 'a', 60)
    ring.append(2, 'b', 40)
    expect([ring.size, ring.bytes]).toEqual([2, 100])
    ring.append(3, 'c', 500)
    expect([ring.size, ring.bytes, ring.startsAfter]).toEqual([1, 500, 2])
    ring.append(4, 'd', 1)
    expect([ring.size, ring.bytes, ring.startsAfter]).toEqual([1, 1, 3])
  })

  it('lets go of what is told to be gone, and of nothing behind it', () => {
    const ring = filled(5, { maxEvents: 5 })
    const place = ring.placeAfter(2) ?? Number.NaN
    ring.dropWhile((key) => key <= 3)
    expect([ring.size, ring.bytes, ring.startsAfter, ring.endsAt]).toEqual([2, 2, 3, 5])
    expect(ring.at(place)).toBe('gone')
    expect(keysAfter(ring, 3)).toEqual([4, 5])
    ring.dropWhile(() => true)
    expect([ring.size, ring.bytes, ring.startsAfter, ring.endsAt]).toEqual([0, 0, 5, 5])
    ring.append(6, 'e6')
    expect(keysAfter(ring, 5)).toEqual([6])
  })

  it('tells a follower by its place what is there, not yet there, and gone', () => {
    const ring = filled(4, { maxEvents: 2 })
    const place = ring.placeAfter(2) ?? Number.NaN
    expect(ring.at(place)).toMatchObject({ key: 3 })
    expect(ring.at(ring.next)).toBeUndefined()
    expect(ring.at(place - 1)).toBe('gone')
    const waitedFor = ring.next
    ring.restart(9)
    expect(ring.at(place)).toBe('gone')
    expect(ring.at(waitedFor)).toBe('gone')
    expect(ring.at(ring.next)).toBeUndefined()
    expect([ring.size, ring.bytes, ring.startsAfter, ring.endsAt]).toEqual([0, 0, 9, 9])
    ring.append(10, 'after')
    expect(keysAfter(ring, 9)).toEqual([10])
  })

  it('holds the newest gapless run, as a plain list would, whatever is appended', () => {
    const operation = fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record({ op: fc.constant('append' as const), bytes: fc.nat(20) }),
      },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('restart' as const) }) },
    )
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 50 }),
        (operations, maxEvents, maxBytes) => {
          const ring = createRing<string>(0, { maxEvents, maxBytes })
          let model: { key: number; bytes: number }[] = []
          let newest = 0
          for (const operation of operations) {
            newest += 1
            if (operation.op === 'restart') {
              ring.restart(newest)
              model = []
            } else {
              ring.append(newest, `e${newest}`, operation.bytes)
              model.push({ key: newest, bytes: operation.bytes })
            }
            const sum = (): number => model.reduce((total, { bytes }) => total + bytes, 0)
            while (model.length > 1 && (model.length > maxEvents || sum() > maxBytes)) model.shift()
            const start = (model[0]?.key ?? newest + 1) - 1
            expect([ring.startsAfter, ring.endsAt, ring.size, ring.bytes]).toEqual([
              start,
              newest,
              model.length,
              sum(),
            ])
            for (let key = 0; key <= newest + 1; key += 1) {
              const held = key >= start && key <= newest
              const expected = model.flatMap((entry) => (entry.key > key ? [entry.key] : []))
              expect(keysAfter(ring, key)).toEqual(held ? expected : undefined)
            }
          }
        },
      ),
    )
  })
})
