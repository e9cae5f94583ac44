import type { AppError } from '@heirloom/errors'

/** What an answer with this error says in its headers: names and values in turn. */
export function errorHeaders(error: AppError): readonly string[] {
  // RFC 9110, section 11.6.1: a 401 says how to authenticate.
  if (error.status === 401) return ['www-authenticate', 'Bearer']
  return error.code === 'RATE_LIMITED' ? rateLimitHeaders(error) : []
}

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/, version 10. */
function rateLimitHeaders({ details }: AppError): readonly string[] {
  const { scope, limit, window_seconds: window, retry_after_ms: waitMs } = details
  // What is open at once is limited too, and nobody knows when something will be closed.
  if (typeof waitMs !== 'number') return []
  const seconds = String(Math.ceil(waitMs / 1_000))
  return [
    'retry-after',
    seconds,
    'ratelimit-policy',
    `"${String(scope)}";q=${String(limit)};w=${String(window)}`,
    'ratelimit',
    `"${String(scope)}";r=0;t=${seconds}`,
  ]
}
