import { AppError } from '@heirloom/errors'

/** What may be called, and for how long and how much of an answer is waited. */
export interface OutgoingPolicy {
  /**
   * Origins that may be called whatever they resolve to, such as `http://localhost:4300`: for
   * development, and for an operator's own services.
   */
  readonly allowedOrigins: ReadonlySet<string>
  /** Whether http is taken beside https; for the lab alone. */
  readonly plainHttp: boolean
  /** Of hosts that are not allowed by their origin. */
  readonly ports: ReadonlySet<number>
  readonly maxRedirects: number
  /** From the first connection to the last byte, over all redirects. */
  readonly timeoutMs: number
  /** Of an answer's body, as sent and as decoded. */
  readonly maxBytes: number
}

export const defaultOutgoingPolicy: OutgoingPolicy = {
  allowedOrigins: new Set(),
  plainHttp: false,
  ports: new Set([443, 8443]),
  maxRedirects: 3,
  timeoutMs: 10_000,
  maxBytes: 1024 * 1024,
}

/**
 * Origins separated by commas, as a configuration gives them.
 * @throws AppError INVALID_INPUT for what is no origin of http or https
 */
export function parseAllowedOrigins(text: string): ReadonlySet<string> {
  const parts = text.split(',').map((part) => part.trim())
  return new Set(parts.filter((part) => part !== '').map(origin))
}

function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isOrigin = url?.href === `${url?.origin}/` && !url?.hostname.includes('*')
  if (url !== null && isOrigin && /^https?:$/.test(url.protocol)) return url.origin
  throw new AppError('INVALID_INPUT', `"${text}" is no origin, like https://plugins.example.org`)
}
