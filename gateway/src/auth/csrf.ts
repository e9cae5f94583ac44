import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@heirloom/errors'
import type { SessionKey } from '../config.js'

// A browser adds its cookies to requests of any page. What comes with the cookie of a session is
// therefore taken from pages of ours alone, which is asked twice: the browser says where a request
// comes from (Origin, Sec-Fetch-Site), and the page shows that it can read what only our pages can
// (a token bound to the session, sent back in a header: the signed double-submit cookie of OWASP's
// cheat sheet). Either one would do while the other fails.

export const csrfHeader = 'x-csrf-token'

export interface Csrf {
  /** The token of the session with this secret. */
  tokenFor(secret: string): string
  /** @throws AppError CSRF_REJECTED unless the request says that it comes from a page of ours */
  assertOwnOrigin(headers: IncomingHttpHeaders): void
  /**
   * For GET, with which browsers name no origin when they ask their own.
   * @throws AppError CSRF_REJECTED for a request that says that it comes from another site
   */
  assertNotOtherSite(headers: IncomingHttpHeaders): void
  /** @throws AppError CSRF_REJECTED without the token of this very session */
  assertToken(secret: string | undefined, token: unknown): void
}

export interface CsrfOptions {
  readonly publicUrl: URL
  /** Origins that count as ours besides. */
  readonly corsOrigins: readonly string[]
  /** The first makes tokens; all are good, so that keys can be rotated under open pages. */
  readonly keys: readonly SessionKey[]
}

export function createCsrf({ publicUrl, corsOrigins, keys }: CsrfOptions): Csrf {
  // Keys of their own, so that no two purposes share one.
  const macKeys = keys.map(({ key }) => createHmac('sha256', key).update('heirloom csrf').digest())
  const [current = Buffer.alloc(0)] = macKeys

  function assertOwnOrigin({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders): void {
    const isSame = origin === publicUrl.origin
    // A page of this very origin is never cross-site.
    if (isSame && site !== 'cross-site') return
    if (origin !== undefined && corsOrigins.includes(origin)) return
    throw new AppError('CSRF_REJECTED', 'this request does not come from a page of this site')
  }

  return {
    tokenFor: (secret) => csrfToken(current, secret),
    assertOwnOrigin,
    assertNotOtherSite: (headers) => {
      if (headers.origin !== undefined) return assertOwnOrigin(headers)
      // https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
      const { 'sec-fetch-site': site = 'none' } = headers
      if (site === 'none' || site === 'same-origin') return
      throw new AppError('CSRF_REJECTED', 'this is opened by a page of another site')
    },
    assertToken: (secret, token) => {
      if (typeof token !== 'string' || token === '') {
        throw new AppError('CSRF_REJECTED', `send the session's token in the header ${csrfHeader}`)
      }
      const isGood =
        secret !== undefined && macKeys.some((key) => isEqual(csrfToken(key, secret), token))
      if (isGood) return
      throw new AppError('CSRF_REJECTED', 'this page belongs to an earlier session; load it again')
    },
  }
}

function csrfToken(key: Buffer, secret: string): string {
  return createHmac('sha256', key).update(`csrf:${secret}`).digest('base64url')
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
