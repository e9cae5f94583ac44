import { describe, expect, it } from 'vitest'
import { networkOf } from './network-of.js'

describe('the network that a client is counted by', () => {
  it.each([
    ['an IPv4 address', '192.0.2.7', '192.0.2.7'],
    ['the same within IPv6', '::ffff:192.0.2.7', '192.0.2.7'],
    ['a network of IPv6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['a shortened one', '2001:db8::6', '2001:db8:0:0'],
    ['one with a zone', 'fe80::1%eth0', 'fe80:0:0:0'],
    ['the machine itself', '::1', '0:0:0:0'],
    ['nothing, of a connection that is gone', '', ''],
  ])('is %s', (_what, address, expected) => {
    expect(networkOf(address)).toBe(expected)
  })
})
