import { describe, expect, it } from 'vitest'
import { body, description, title } from './text.js'

const refusedWith = (code: string): unknown => expect.objectContaining({ code })

describe('a title', () => {
  it('loses its outer spaces and keeps the rest', () => {
    expect(title('  A  day ')).toBe('A  day')
  })

  it('counts characters, not UTF-16 units', () => {
    expect(title('👵'.repeat(300))).toHaveLength(600)
    expect(() => title('👵'.repeat(301))).toThrow(refusedWith('INVALID_INPUT'))
  })

  it.each(['', ' \n\t ', 'a\0', '\udc00'])('is not %j', (text) => {
    expect(() => title(text)).toThrow(refusedWith('INVALID_INPUT'))
  })
})

describe('a body', () => {
  it('may be empty, and keeps its spaces', () => {
    expect(body('')).toBe('')
    expect(body(' a\n')).toBe(' a\n')
  })

  it('counts bytes of UTF-8', () => {
    expect(body('x'.repeat(200_000))).toHaveLength(200_000)
    expect(() => body('x'.repeat(200_001))).toThrow(refusedWith('PAYLOAD_TOO_LARGE'))
    expect(() => body('👵'.repeat(50_001))).toThrow(refusedWith('PAYLOAD_TOO_LARGE'))
  })

  it('names the field and the limit in the details', () => {
    expect(() => description('x'.repeat(10_001))).toThrow(
      expect.objectContaining({ details: { field: 'description', max_bytes: 10_000 } }),
    )
  })
})
