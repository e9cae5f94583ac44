import { describe, expect, it } from 'vitest'
import { isPublicAddress, isPublicHost } from './public-host.js'

const hostOf = (url: string) => new URL(url).hostname

describe('a public host', () => {
  it.each([
    'https://plugins.example.com',
    'https://plugins.example.com.',
    'https://93.184.216.34',
    'https://[2606:2800:220:1:248:1893:25c8:1946]',
    'https://localhost.example.com',
    'https://xn--bcher-kva.example',
  ])('is %s', (url) => {
    expect(isPublicHost(hostOf(url))).toBe(true)
  })

  it.each([
    'http://localhost',
    'http://LOCALHOST.',
    'http://plugin.localhost',
    'http://127.0.0.1',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://127.0.0.1.',
    'http://①②⑦.0.0.1',
    'http://0.0.0.0',
    'http://10.1.2.3',
    'http://100.64.0.1',
    'http://169.254.169.254',
    'http://172.31.255.255',
    'http://192.168.1.1',
    'http://198.18.0.1',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://[::]',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:10.0.0.1]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[2002:7f00:1::]',
    'http://[2001:0:1::]',
    'http://192.0.2.1',
    'http://198.51.100.7',
    'http://203.0.113.9',
    'http://192.88.99.1',
    'http://[::ffff:8.8.8.8]',
    'http://[64:ff9b:1::808:808]',
    'http://[2001:db8::1]',
    'http://[2001:20::1]',
    'http://[3fff::1]',
    'http://[fec0::1]',
    'http://[100::1]',
    'http://[5f00::1]',
    'http://0',
    'http://0x7f.1',
    'http://017700000001',
    'http://[0:0:0:0:0:ffff:7f00:1]',
    'http://[fc00::1]',
    'http://[fd12:3456::1]',
    'http://[fe80::1]',
    'http://[ff02::1]',
    'http://redis',
    'http://stories.internal',
    'http://printer.local',
    'http://nas.home.arpa',
  ])('is not %s', (url) => {
    expect(isPublicHost(hostOf(url))).toBe(false)
  })
})

describe('an address of a resolver', () => {
  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('is public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  it.each(['127.0.0.1', '127.1', '0x7f.1', 'fe80::1%eth0', '2606::1%1', 'example.org', ''])(
    'is not, or is none: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(false)
    },
  )
})
