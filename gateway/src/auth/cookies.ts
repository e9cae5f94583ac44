import type { CookieSerializeOptions } from '@fastify/cookie'

export interface Cookies {
  readonly session: string
  readonly signIn: string
  /** The one that pages read, to send its value back in a header. */
  readonly csrf: string
  readonly options: CookieSerializeOptions
  readonly csrfOptions: CookieSerializeOptions
}

/**
 * Over https the names carry the prefix __Host- (RFC 6265bis, section 4.1.3.2), with which a
 * browser takes them from this very host alone. SameSite=Lax lets the provider's redirect come
 * back with the cookie, and nothing else from another site that could change data.
 */
export function cookiesFor(publicUrl: URL): Cookies {
  const secure = publicUrl.protocol === 'https:'
  const prefix = secure ? '__Host-' : ''
  return {
    session: `${prefix}heirloom_session`,
    signIn: `${prefix}heirloom_sign_in`,
    csrf: `${prefix}heirloom_csrf`,
    options: { httpOnly: true, sameSite: 'lax', secure, path: '/' },
    csrfOptions: { httpOnly: false, sameSite: 'strict', secure, path: '/' },
  }
}
