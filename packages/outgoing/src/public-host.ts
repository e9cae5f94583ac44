import ipaddr from 'ipaddr.js'

// RFC 6761 (localhost), RFC 6762 (local), RFC 8375 (home.arpa), and the name ICANN reserved for
// private use (internal).
const localSuffixes = ['localhost', 'local', 'internal', 'home.arpa']

// Global unicast is 2000::/3 alone: what lies beside it (::/96, 64:ff9b:1::/48, fec0::/10 …) is
// special or carries an IPv4 address, also where the library knows no name for it.
const globalUnicast6 = ipaddr.parseCIDR('2000::/3')

// What ipaddr.js takes for plain unicast, and IANA's registries do not: all of the IETF's protocol
// assignments with Teredo (2001::/23, RFC 2928), and documentation (3fff::/20, RFC 9637).
const special6 = ['2001::/23', '3fff::/20'].map((range) => ipaddr.parseCIDR(range))
// The former 6to4 relays (RFC 7526).
const special4 = [ipaddr.parseCIDR('192.88.99.0/24')]

/**
 * Whether an address, as a resolver or a socket gives it, is reached over the public Internet: not
 * private, loopback, link-local, shared (CGNAT), multicast, unspecified, for documentation or
 * benchmarks, reserved, nor an IPv6 form that stands for an IPv4 address (mapped, NAT64, 6to4,
 * Teredo). What is no address at all is not public.
 */
export function isPublicAddress(text: string): boolean {
  // The library would also read 127.1 and 0x7f.1, which no resolver answers.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    const address = ipaddr.IPv4.parse(text)
    return address.range() === 'unicast' && !special4.some((range) => address.match(range))
  }
  if (!ipaddr.IPv6.isValid(text)) return false
  const address = ipaddr.IPv6.parse(text)
  if (address.zoneId !== undefined || address.range() !== 'unicast') return false
  return address.match(globalUnicast6) && !special6.some((range) => address.match(range))
}

/**
 * Whether the host of a URL can be one on the public Internet: a public literal address, or a name
 * that is not reserved for local use. No name is resolved: what it leads to is checked by whoever
 * connects. `hostname` comes from WHATWG's URL, which has already turned 0x7f.1 and 2130706433 into
 * 127.0.0.1.
 */
export function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  if (ipaddr.isValid(host)) return isPublicAddress(host)
  // A name of one label is found only by the search path of the network we run in.
  if (!host.includes('.')) return false
  return !localSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}
