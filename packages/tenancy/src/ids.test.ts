import { describe, expect, it } from 'vitest'
import { createIds, isUlid, tenantId } from './ids.js'

describe('a new id', () => {
  it('is a ULID of the time at which it was made', () => {
    const id = createIds(() => Date.UTC(2025, 0, 1))()
    expect(isUlid(id)).toBe(true)
    expect(id.startsWith('01JGFJJZ00')).toBe(true)
  })

  it('is greater than the one before, even in the same millisecond', () => {
    const newId = createIds(() => 1_735_689_600_000)
    const ids = Array.from({ length: 1_000 }, () => newId())
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is greater than the one before when the clock goes back', () => {
    const times = [2_000, 1_000]
    const newId = createIds(() => times.shift() ?? 0)
    const [first, second] = [newId(), newId()]
    expect(second > first).toBe(true)
  })
})

describe('a ULID', () => {
  it.each([
    '',
    '01JGFJJZ0000000000000000O0',
    '01jgfjjz000000000000000000',
    '81JGFJJZ000000000000000000',
    '01JGFJJZ0000000000000000000',
    '01JGFJJZ000000000000000000\n',
    null,
    7,
  ])('is not %j', (value) => {
    expect(isUlid(value)).toBe(false)
  })
})

describe('a tenant id', () => {
  it.each(['habsburg', 'a1', '0-family_1', 'a'.repeat(63)])('may be %s', (value) => {
    expect(tenantId(value)).toBe(value)
  })

  it.each(['', 'a', 'A1', 'ü1', 'a b', 'a/b', '-a', 'a'.repeat(64), 'ab\n'])(
    'is not %j',
    (value) => {
      expect(() => tenantId(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    },
  )
})
