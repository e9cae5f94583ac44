import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { AppError } from '@heirloom/errors'
import type { Access, AskAs } from '../access.js'

/**
 * Lets everybody in, and tells subgraphs what callers say of themselves in the named headers. On a
 * socket the payload of `connection_init` may name them too, because browsers can set no header
 * there; it wins over what the upgrade carried.
 * @param names in lower case
 */
export function createHeaderAccess(names: readonly string[]): Access {
  return {
    admitRequest: ({ headers }) => Promise.resolve(askAs(forwarded(headers))),
    // A browser adds its cookies to a socket that any page opens (RFC 6455, section 10.2).
    assertMayUpgrade: ({ headers }) => {
      if (!names.includes('cookie') || headers.cookie === undefined) return
      if (!isOwnOrigin(headers)) {
        throw new AppError('CSRF_REJECTED', 'this socket is opened by a page of another site')
      }
    },
    admitStream: ({ request: { headers } }) => {
      if (names.includes('cookie') && headers.cookie !== undefined && isOtherSite(headers)) {
        throw new AppError('CSRF_REJECTED', 'this stream is opened by a page of another site')
      }
      return Promise.resolve(askAs(forwarded(headers)))
    },
    admitSocket: ({ request, params }) =>
      Promise.resolve(askAs({ ...forwarded(request.headers), ...named(params) })),
  }

  function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = headers[name]
        return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]]
      }),
    )
  }

  function named(params: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
    return Object.fromEntries(
      Object.entries(params ?? {}).flatMap(([key, value]) => {
        const name = key.toLowerCase()
        return typeof value === 'string' && names.includes(name) ? [[name, value]] : []
      }),
    )
  }
}

function askAs(headers: Readonly<Record<string, string>>): AskAs {
  const names = Object.keys(headers).toSorted()
  const rights = JSON.stringify(names.map((name) => [name, headers[name]]))
  const said = Promise.resolve(headers)
  return (ids) => ({
    ...ids,
    rights,
    createCaller: () => ({ ...ids, rights, identity: rights, headersFor: () => said }),
  })
}

function isOwnOrigin({ origin, host }: IncomingMessage['headers']): boolean {
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
}

function isOtherSite(headers: IncomingHttpHeaders): boolean {
  if (headers.origin !== undefined) return !isOwnOrigin(headers)
  const { 'sec-fetch-site': site = 'none' } = headers
  return site !== 'none' && site !== 'same-origin'
}
