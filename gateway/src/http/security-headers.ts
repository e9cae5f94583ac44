import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

const oneYearSeconds = 31_536_000

/** What every answer carries. Pages loosen the Content-Security-Policy to what they need. */
export function sendSecurityHeaders(app: FastifyInstance, publicUrl: URL | undefined): void {
  const headers = securityHeaders(publicUrl)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1])
  })
}

/** The same but the request's id: names and values in turn. */
export function securityHeaders(publicUrl: URL | undefined): readonly string[] {
  const headers = [
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'same-origin'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['content-security-policy', contentSecurityPolicy({})],
  ]
  if (publicUrl?.protocol === 'https:') {
    headers.push(['strict-transport-security', `max-age=${oneYearSeconds}`])
  }
  return headers.flat()
}

/** Nothing is allowed but what is named (W3C CSP 3). */
export function contentSecurityPolicy(
  allowed: Readonly<Record<string, readonly string[]>>,
): string {
  const directives = {
    'default-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
    ...allowed,
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ')
}

/** Lets one inline script or style through: the one with this very text. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
