import { describe, expect, it } from 'vitest'
import { requestSource } from './source.js'

describe('the source of a request', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['203.0.113.7:4711', undefined],
    ['localhost', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('has of the address %j: %j', (address, ip) => {
    expect(requestSource(address, undefined).ip).toBe(ip)
  })

  it.each([
    ['Mozilla/5.0 (X11; Linux)', 'Mozilla/5.0 (X11; Linux)'],
    ['a\r\nb\x1b[2J\x00c', 'ab[2Jc'],
    ['é\u{1f600}', 'é'],
    ['x'.repeat(300), 'x'.repeat(256)],
    ['  ', undefined],
    [undefined, undefined],
  ])('has of the user agent %j: %j', (said, userAgent) => {
    expect(requestSource(undefined, said).userAgent).toBe(userAgent)
  })
})
