interface Page {
  readonly document?: { readonly cookie?: string }
  readonly location?: { readonly origin: string }
}

const header = 'x-csrf-token'

/**
 * The header by which a page that signed in shows that it is the gateway's own: the value of a
 * cookie that pages of other origins cannot read. Nothing outside of browsers, and nothing for an
 * address of another origin, whose page has to be told (GET /auth/session) and to give the header.
 */
export function csrfHeaders(url: string, page: object = globalThis): Record<string, string> {
  const { document, location } = page as Page
  if (location === undefined || new URL(url).origin !== location.origin) return {}
  const token = /(?:^|; )(?:__Host-)?heirloom_csrf=([^;]+)/.exec(document?.cookie ?? '')?.[1]
  return token === undefined ? {} : { [header]: token }
}

/** What a socket says in its first message, because a browser sets no headers on it. */
export function csrfParams(
  headers: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const entry = Object.entries(headers).find(([name]) => name.toLowerCase() === header)
  return entry === undefined ? undefined : { [header]: entry[1] }
}
