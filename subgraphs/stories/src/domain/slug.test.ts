import { describe, expect, it } from 'vitest'
import { isSlug, slug, slugOfTitle } from './slug.js'

describe('a slug', () => {
  it.each(['a', '7', 'the-smiths', 'smith-1847', 'x'.repeat(100)])('may be %s', (text) => {
    expect(slug(text)).toBe(text)
  })

  it.each(['', '-', 'a-', '-a', 'a--b', 'A', 'ä', 'a b', 'a/b', 'a\n', 'x'.repeat(101)])(
    'may not be %j',
    (text) => {
      expect(() => slug(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    },
  )

  it.each([
    ['The Smiths', 'the-smiths'],
    ['  Müller & Söhne — 1847!  ', 'muller-sohne-1847'],
    ['Ångström', 'angstrom'],
    ['家族', ''],
    ['---', ''],
    [`${'x'.repeat(99)} y`, 'x'.repeat(99)],
  ])('is made from the title %j', (title, expected) => {
    expect(slugOfTitle(title)).toBe(expected)
    expect(expected === '' || isSlug(expected)).toBe(true)
  })
})
