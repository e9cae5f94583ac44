import { describe, expect, it } from 'vitest'
import { createSourceOf } from './request-source.js'

const from = (
  remoteAddress: string | undefined,
  forwarded?: string,
  more: Record<string, string> = {},
) => ({
  headers: { ...more, ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }) },
  socket: { remoteAddress },
})

describe('the source of a request', () => {
  it.each([
    ['x-forwarded-for', '198.51.100.1'],
    ['forwarded', 'for=198.51.100.1'],
    ['x-real-ip', '198.51.100.1'],
    ['cf-connecting-ip', '198.51.100.1'],
    ['true-client-ip', '198.51.100.1'],
  ])('is the socket’s, whatever the client says in %s', (name, value) => {
    const request = { ...from('203.0.113.7'), headers: { [name]: value } }
    expect(createSourceOf([])(request)).toEqual({ ip: '203.0.113.7' })
    expect(createSourceOf(['10.0.0.0/8'])(request)).toEqual({ ip: '203.0.113.7' })
  })

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1, 10.2.0.1', '198.51.100.1'],
    ['10.9.9.9, 10.2.0.1', '10.9.9.9'],
    ['6.6.6.6, 2001:db8::1', '2001:db8::1'],
    ['6.6.6.6, unknown', '10.1.2.3'],
    ['6.6.6.6, <script>', '10.1.2.3'],
    ['', '10.1.2.3'],
    [undefined, '10.1.2.3'],
  ])('behind a trusted proxy that forwards for %j is %s', (forwarded, ip) => {
    const sourceOf = createSourceOf(['10.0.0.0/8'])
    expect(sourceOf(from('10.1.2.3', forwarded))).toEqual({ ip })
    expect(sourceOf(from('::ffff:10.1.2.3', forwarded))).toEqual({ ip })
  })

  it('tells the user agent', () => {
    const request = from('203.0.113.7', undefined, { 'user-agent': 'curl/8.5.0' })
    expect(createSourceOf([])(request)).toEqual({ ip: '203.0.113.7', userAgent: 'curl/8.5.0' })
  })

  it('is unknown where the socket is gone', () => {
    expect(createSourceOf(['loopback'])(from(undefined, '198.51.100.1'))).toEqual({})
  })

  it('is refused proxies that are no addresses', () => {
    expect(() => createSourceOf(['ingress'])).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})
