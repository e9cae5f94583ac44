import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'

const networkGroups = 4
const allGroups = 8

/**
 * Where a request comes from, to count by: an IPv4 address, or the /64 network of an IPv6 address,
 * which is what one customer is given. Each trusted proxy has added whom it heard from at the end
 * of X-Forwarded-For; what stands before that is whatever the client claims.
 */
export function clientAddress(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  trustedProxies: number,
): string {
  const direct = socket.remoteAddress ?? ''
  if (trustedProxies === 0) return network(direct)
  const forwarded = headers['x-forwarded-for']
  const told = (Array.isArray(forwarded) ? forwarded.join() : (forwarded ?? '')).split(',')
  const address = told.at(-trustedProxies)?.trim() ?? ''
  return network(isIPv4(address) || isIPv6(address) ? address : direct)
}

function network(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length)
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: allGroups - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, networkGroups).join(':')
}
