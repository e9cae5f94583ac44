import { describe, expect, it } from 'vitest'
import { csrfHeaders, csrfParams } from './csrf.js'

const page = {
  document: { cookie: 'a=b; heirloom_csrf=the-token' },
  location: { origin: 'https://heirloom.test' },
}

describe('the token of a session', () => {
  it('is read from the cookie, whichever name it has, for the origin of the page alone', () => {
    const header = { 'x-csrf-token': 'the-token' }
    expect(csrfHeaders('https://heirloom.test/graphql', page)).toEqual(header)
    const secure = { ...page, document: { cookie: '__Host-heirloom_csrf=the-token; c=d' } }
    expect(csrfHeaders('https://heirloom.test/graphql', secure)).toEqual(header)
    for (const elsewhere of ['https://other.test/graphql', 'http://heirloom.test/graphql']) {
      expect(csrfHeaders(elsewhere, page)).toEqual({})
    }
  })

  it('is not looked for where there is no page, or no cookie', () => {
    const url = 'https://heirloom.test/graphql'
    expect(csrfHeaders(url, {})).toEqual({})
    expect(csrfHeaders(url, { ...page, document: { cookie: 'not_heirloom_csrf=x' } })).toEqual({})
  })

  it('is said over a socket in the words of the header', () => {
    expect(csrfParams({ 'X-CSRF-Token': 't', other: 'x' })).toEqual({ 'x-csrf-token': 't' })
    expect(csrfParams({ other: 'x' })).toBeUndefined()
  })
})
