import { isIPv6 } from 'node:net'

const networkGroups = 4
const allGroups = 8

/**
 * What requests of one customer are counted by: an IPv4 address, or the /64 network of an IPv6
 * address, which is what one customer is given.
 */
export function networkOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length)
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: allGroups - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, networkGroups).join(':')
}
