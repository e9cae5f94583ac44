import type { FastifyInstance } from 'fastify'
import { serveIdentities } from './identity-routes.js'
import { browserSession, type AuthRouteDeps } from './deps.js'
import { serveSessions } from './session-routes.js'
import { serveSignIn } from './sign-in-routes.js'
import { serveSignOut } from './sign-out-routes.js'

const keysMaxAgeSeconds = 300

/** Everything under /auth, and the keys that subgraphs verify internal tokens with. */
export function serveAuth(app: FastifyInstance, deps: AuthRouteDeps): void {
  const browser = browserSession(deps)
  app.get('/.well-known/heirloom-internal-jwks.json', (_request, reply) =>
    reply.header('cache-control', `public, max-age=${keysMaxAgeSeconds}`).send(deps.internalKeys),
  )
  serveSignIn(app, deps, browser)
  serveSignOut(app, deps, browser)
  serveSessions(app, deps, browser)
  serveIdentities(app, deps, browser)
}
