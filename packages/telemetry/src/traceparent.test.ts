import { describe, expect, it } from 'vitest'
import { childTraceparent, newTraceparent } from './traceparent.js'

describe('a trace', () => {
  it('is a new one each time, however many are asked for', () => {
    const many = Array.from({ length: 5_000 }, newTraceparent)
    expect(new Set(many).size).toBe(5_000)
    for (const one of many) expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  it('goes on under a new span', () => {
    const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
    const spans = Array.from({ length: 3_000 }, () => childTraceparent(parent))
    expect(new Set(spans).size).toBe(3_000)
    for (const span of spans) expect(span).toMatch(/^00-a{32}-[0-9a-f]{16}-00$/)
  })

  it.each([undefined, '', 'nonsense', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`])(
    'begins anew where the caller sent none that is valid: %s',
    (parent) => {
      expect(childTraceparent(parent)).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    },
  )
})
