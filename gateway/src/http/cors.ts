import type { FastifyInstance, FastifyReply } from 'fastify'

/** Cross-origin reads (https://fetch.spec.whatwg.org/#http-cors-protocol), for named origins alone. */
export interface Cors {
  /** Whether anybody is allowed: then every answer varies with the origin. */
  readonly isOn: boolean
  /** Names and values in turn; nothing for an origin that is not named. */
  allow(origin: string | undefined): readonly string[]
}

const exposed = 'x-request-id, retry-after, ratelimit, ratelimit-policy, etag'
const allowedMethods = 'GET, HEAD, POST, DELETE'
const allowedHeaders =
  'content-type, authorization, x-csrf-token, x-request-id, traceparent, last-event-id, if-none-match'
const preflightMaxAgeSeconds = 600

export function createCors(origins: readonly string[]): Cors {
  const answers = new Map(
    origins.map((origin) => [
      origin,
      [
        'access-control-allow-origin',
        origin,
        'access-control-allow-credentials',
        'true',
        'access-control-expose-headers',
        exposed,
      ],
    ]),
  )
  return {
    isOn: origins.length > 0,
    allow: (origin) => (origin === undefined ? [] : (answers.get(origin) ?? [])),
  }
}

/** Without origins nothing is added, and OPTIONS is refused as it is anywhere else. */
export function serveCors(app: FastifyInstance, cors: Cors): void {
  if (!cors.isOn) return
  app.addHook('onRequest', (request, reply, done) => {
    const allowed = cors.allow(request.headers.origin)
    // Streams are sent past the hook below.
    addVary(reply)
    for (let at = 0; at < allowed.length; at += 2) reply.header(allowed[at] ?? '', allowed[at + 1])
    const asks = request.headers['access-control-request-method']
    if (request.method !== 'OPTIONS' || asks === undefined || allowed.length === 0) return done()
    reply
      .header('access-control-allow-methods', allowedMethods)
      .header('access-control-allow-headers', allowedHeaders)
      .header('access-control-max-age', preflightMaxAgeSeconds)
      .status(204)
      .send()
  })
  app.addHook('onSend', (_request, reply, _body, done) => {
    addVary(reply)
    done()
  })
}

function addVary(reply: FastifyReply): void {
  const known = reply.getHeader('vary')
  if (known === undefined) reply.header('vary', 'origin')
  else if (!/\borigin\b/.test(String(known))) reply.header('vary', `${String(known)}, origin`)
}
