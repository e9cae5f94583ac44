import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import proxyAddr from '@fastify/proxy-addr'
import { AppError } from '@heirloom/errors'
import { requestSource, type RequestSource } from '@heirloom/tenancy'

/** A request, whichever way it came in. */
export interface WithSource {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export type SourceOf = (request: WithSource) => RequestSource

/**
 * The client's address is the socket's own. Only where that belongs to a trusted proxy is
 * X-Forwarded-For read, from its end, past the trusted addresses and no further: what stands
 * before the first address that is not trusted was written by the client.
 * @param trustedProxies addresses, networks as CIDR, or loopback, linklocal, uniquelocal
 * @throws AppError INVALID_INPUT when one of them is none
 */
export function createSourceOf(trustedProxies: readonly string[]): SourceOf {
  const isTrusted = trustedProxies.length === 0 ? undefined : compiled(trustedProxies)
  return (request) => {
    const own = request.socket.remoteAddress
    const userAgent = request.headers['user-agent']
    if (isTrusted === undefined || own === undefined) return requestSource(own, userAgent)
    const told = requestSource(proxyAddr(request as IncomingMessage, isTrusted), userAgent)
    return told.ip === undefined ? requestSource(own, userAgent) : told
  }
}

function compiled(trustedProxies: readonly string[]): (address: string, hops: number) => boolean {
  try {
    return proxyAddr.compile([...trustedProxies])
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('INVALID_INPUT', `TRUSTED_PROXIES: ${reason}`, { cause })
  }
}
