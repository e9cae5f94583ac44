import { describe, expect, it } from 'vitest'
import { parseAllowedOrigins } from './outgoing-policy.js'

describe('allowed origins', () => {
  it('are read from a list with commas', () => {
    const text = ' http://localhost:4300, https://plugins.example.org/ ,'
    const origins = ['http://localhost:4300', 'https://plugins.example.org']
    expect([...parseAllowedOrigins(text)]).toEqual(origins)
    expect(parseAllowedOrigins('').size).toBe(0)
  })

  it.each(['localhost', '*', 'https://*', 'https://a.example/path', 'file:///', 'https://a@b.c'])(
    'are not: %s',
    (text) => {
      expect(() => parseAllowedOrigins(text)).toThrow(/is no origin/)
    },
  )
})
