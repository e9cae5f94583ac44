import type { FollowOptions } from './follow.js'

function loginPath(returnTo: string, provider: string | undefined): string {
  const query = new URLSearchParams({ return_to: returnTo })
  if (provider !== undefined) query.set('provider', provider)
  return `/auth/login?${query.toString()}`
}

/** As much of a browser as signing in needs: cookies by host, and redirects one at a time. */
export class TestBrowser {
  readonly #cookies = new Map<string, Map<string, string>>()

  cookiesOf(url: string): ReadonlyMap<string, string> {
    const { host } = new URL(url)
    const known = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, known)
    return known
  }

  cookieHeader(url: string): string {
    return [...this.cookiesOf(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** What a page of the gateway's sends, beside the cookies, with whatever it asks. */
  pageHeaders(url: string): Record<string, string> {
    const { origin } = new URL(url)
    const token = this.cookiesOf(url).get('heirloom_csrf')
    return token === undefined ? { origin } : { origin, 'x-csrf-token': token }
  }

  /** How a page of the gateway's opens a socket, at whichever process. */
  pageSocket(url: string): FollowOptions {
    const { origin = '', ...params } = this.pageHeaders(url)
    return { headers: { cookie: this.cookieHeader(url), origin }, params }
  }

  async go(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('cookie', this.cookieHeader(url))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) this.#keep(url, cookie)
    return response
  }

  post(url: string, form: Record<string, string>, headers: HeadersInit = {}): Promise<Response> {
    return this.go(url, { method: 'POST', body: new URLSearchParams(form), headers })
  }

  /** Follows redirects until a page is shown. */
  async follow(response: Response): Promise<Response> {
    const location = response.headers.get('location')
    if (location === null) return response
    return this.follow(await this.go(new URL(location, response.url).href))
  }

  /** Signs in as a demo user; resolves to the page that is shown at the end. */
  async signIn(gatewayUrl: string, email: string, returnTo = '/', provider?: string) {
    return this.finish(await this.go(gatewayUrl + loginPath(returnTo, provider)), email)
  }

  /** Goes on from the redirect to a provider, as a demo user, to the page at the end. */
  async finish(leaving: Response, email: string): Promise<Response> {
    const form = await this.follow(leaving)
    return this.follow(await this.post(form.url, { email, password: 'heirloom' }))
  }

  /** Signs in at the provider; resolves to the callback's address, which is not gone to. */
  async callbackFor(leaving: Response, email: string): Promise<URL> {
    let response = leaving
    let hasSignedIn = false
    for (;;) {
      const location = response.headers.get('location')
      if (location !== null) {
        const next = new URL(location, response.url)
        if (next.pathname.startsWith('/auth/callback')) return next
        response = await this.go(next.href)
      } else {
        if (hasSignedIn) throw new Error(`${response.url} leads nowhere`)
        hasSignedIn = true
        response = await this.post(response.url, { email, password: 'heirloom' })
      }
    }
  }

  #keep(url: string, cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';')
    const at = pair.indexOf('=')
    const known = this.#cookies.get(new URL(url).host) ?? new Map<string, string>()
    const isGone = attributes.some((text) => /^ *(max-age=0|expires=thu, 01 jan 1970)/i.test(text))
    if (isGone) known.delete(pair.slice(0, at))
    else known.set(pair.slice(0, at), pair.slice(at + 1))
    this.#cookies.set(new URL(url).host, known)
  }
}
