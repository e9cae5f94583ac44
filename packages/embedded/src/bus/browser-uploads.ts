import type { FauxqsApp } from './fauxqs.js'

/** The largest object that one PUT may carry, as much as fits comfortably into memory. */
const maxObjectBytes = 256 * 1024 * 1024
const preflightSeconds = 600

/**
 * What the emulator lacks for uploads that a browser makes with a presigned URL: the bucket's
 * CORS rules, for the given origins alone, and bodies larger than its 11 MiB.
 */
export function allowBrowserUploads(app: FauxqsApp, origins: readonly string[]): void {
  app.removeContentTypeParser('*')
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: maxObjectBytes },
    (_request, body, done) => done(null, body),
  )
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    if (origin === undefined || !origins.includes(origin)) return
    reply.header('access-control-allow-origin', origin)
    reply.header('vary', 'Origin')
    reply.header('access-control-expose-headers', 'ETag')
    if (request.method !== 'OPTIONS') return
    reply.header('access-control-allow-methods', 'GET, HEAD, PUT, POST')
    reply.header(
      'access-control-allow-headers',
      request.headers['access-control-request-headers'] ?? '*',
    )
    reply.header('access-control-max-age', preflightSeconds)
    await reply.code(204).send()
  })
}
