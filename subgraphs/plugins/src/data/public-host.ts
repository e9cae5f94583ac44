import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { IsPublicHost } from '../domain/ports.js'

// The registries of special-purpose addresses, without the few entries that are globally
// reachable: https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]
// Global unicast is 2000::/3 alone; inside it lie ranges that are special, or that carry an IPv4
// address to which the request would be translated (Teredo in 2001::/23, 6to4 in 2002::/16).
const globalUnicast6 = ['2000::/3']
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

// RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), and the name ICANN reserved for
// private use (internal).
const localSuffixes = ['localhost', 'local', 'internal', 'home.arpa']

const forbidden4 = blockList(special4, 'ipv4')
const global6 = blockList(globalUnicast6, 'ipv6')
const forbidden6 = blockList(special6, 'ipv6')

/** IsPublicHost by Node's BlockList over the registries' ranges. */
export const isPublicHost: IsPublicHost = (hostname) => {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  if (isIPv4(host)) return !forbidden4.check(host, 'ipv4')
  if (isIPv6(host)) return global6.check(host, 'ipv6') && !forbidden6.check(host, 'ipv6')
  // A name of one label is found only by the search path of the network we run in.
  if (!host.includes('.')) return false
  return !localSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}

function blockList(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  return list
}
