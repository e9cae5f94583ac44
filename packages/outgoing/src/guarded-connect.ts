/**
 * The check happens where the connection is made. A name is resolved once per connection, every
 * address that it has is looked at, and the very list that was looked at is connected to: nothing
 * asks a resolver again between the check and the use, so that a name which changes its mind
 * (DNS rebinding) gains nothing. One private address among public ones refuses the name.
 *
 * Node looks up names alone, so a literal address is checked before.
 */
import { lookup as lookupHost } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { callbackify } from 'node:util'
import { buildConnector } from 'undici'
import { refused } from './outgoing-errors.js'
import { isPublicAddress } from './public-host.js'

/** All addresses of a name. @throws what the resolver throws */
export type ResolveHost = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

export const resolveHost: ResolveHost = (hostname) => lookupHost(hostname, { all: true })

export interface GuardedConnectOptions {
  readonly resolve: ResolveHost
  readonly allowedOrigins: ReadonlySet<string>
  readonly timeoutMs: number
}

export function guardedConnect(options: GuardedConnectOptions): buildConnector.connector {
  const { resolve, allowedOrigins, timeoutMs: timeout } = options
  const direct = buildConnector({ timeout, lookup: lookupWith(resolve, () => true) })
  const guarded = buildConnector({ timeout, lookup: lookupWith(resolve, isPublicAddress) })

  return (target, callback) => {
    if (allowedOrigins.has(`${target.protocol}//${target.host ?? ''}`)) {
      return direct(target, callback)
    }
    if (isIP(target.hostname) !== 0 && !isPublicAddress(target.hostname)) {
      return callback(refusedAddress(), null)
    }
    guarded(target, callback)
  }
}

function lookupWith(resolve: ResolveHost, isAllowed: (address: string) => boolean): LookupFunction {
  const checked = callbackify(async (hostname: string) => {
    const addresses = await resolve(hostname)
    if (addresses.length > 0 && addresses.every(({ address }) => isAllowed(address))) {
      return addresses
    }
    throw refusedAddress()
  })
  return (hostname, { all }, callback) => {
    checked(hostname, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) callback(error, '')
      else if (all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

const refusedAddress = () => refused('address', 'private and local addresses are not called')
