import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterPrefix, joinKey, keyPrefix, paddedNumber, splitKey } from './keys.js'

const text = fc.string({ unit: 'binary' }).filter((value) => !/\p{Surrogate}/u.test(value))
const parts = fc.array(
  fc.oneof(text, fc.string({ unit: fc.constantFrom('#', '%', '2', '3', '5') })),
  {
    minLength: 1,
    maxLength: 5,
  },
)

describe('keys', () => {
  it('split into the parts that they were joined from', () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(splitKey(joinKey(...given))).toEqual(given)
      }),
    )
  })

  it('differ when their parts differ', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other)
        expect(joinKey(...one) === joinKey(...other)).toBe(same)
      }),
    )
  })

  it('let no value forge a separator', () => {
    expect(joinKey('stream', 'a#head')).toBe('stream#a%23head')
    expect(joinKey('stream', 'a%23head')).toBe('stream#a%2523head')
  })

  it('sort as their numbers do', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
        const key = (n: number): string => joinKey('event', paddedNumber(n, 16))
        expect(key(one) < key(other)).toBe(one < other)
      }),
    )
  })

  it('hold no number that does not fit', () => {
    for (const n of [-1, 1.5, 10_000, Number.NaN]) {
      expect(() => paddedNumber(n, 4)).toThrow('whole number')
    }
    expect(() => joinKey()).toThrow('at least one part')
  })

  it('with a prefix lie between it and what comes after it, byte by byte', () => {
    fc.assert(
      fc.property(
        text.filter((value) => value !== ''),
        text,
        (prefix, other) => {
          const end = afterPrefix(prefix)
          const bytes = Buffer.from(other)
          const inside =
            Buffer.compare(bytes, Buffer.from(prefix)) >= 0 &&
            (end === null || Buffer.compare(bytes, Buffer.from(end)) < 0)
          expect(inside).toBe(other.startsWith(prefix))
          expect(
            end === null || Buffer.compare(Buffer.from(prefix + other), Buffer.from(end)) < 0,
          ).toBe(true)
        },
      ),
    )
    expect(afterPrefix('\uD7FF')).toBe('\uE000')
    expect(afterPrefix('a\u{10FFFF}')).toBe('b')
    expect(afterPrefix('\u{10FFFF}')).toBeNull()
    expect(keyPrefix('event')).toBe('event#')
  })
})
