import type { FastifyInstance } from 'fastify'
import { AppError } from '@heirloom/errors'
import { wantsHtml } from '../../http/wants-html.js'
import { returnPath } from '../return-path.js'
import type { Session } from '../sessions.js'
import { fieldOf, type AuthRouteDeps, type BrowserSession } from './deps.js'
import { leaveFor, providerOf } from './sign-in-routes.js'

/** Whoever finds a browser unattended must not make the account theirs. */
const recentSignInMs = 900_000

/** The identities by which the user of a session can sign in. */
export function serveIdentities(
  app: FastifyInstance,
  deps: AuthRouteDeps,
  browser: BrowserSession,
): void {
  const { accounts, providers, publicUrl } = deps

  app.get('/auth/identities', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const { userId, identity } = await browser.current(request)
    const linked = await accounts.identitiesOf(userId)
    return {
      identities: linked.map(({ id, issuer, subject, linkedAt }) => ({
        id,
        provider: providers.byIssuer(issuer)?.config.id ?? null,
        issuer,
        subject,
        current: issuer === identity.issuer && subject === identity.subject,
        linked_at: linkedAt.toISOString(),
      })),
    }
  })

  app.post<{ Params: { provider: string } }>(
    '/auth/identities/:provider',
    async (request, reply) => {
      browser.assertFromOurPage(request)
      const session = recent(await browser.current(request))
      const target = await leaveFor(deps, reply, providerOf(deps, request.params.provider), {
        returnTo: returnPath(fieldOf(request, 'return_to'), publicUrl),
        link: { sessionId: session.id },
        asksAgain: true,
      })
      reply.header('cache-control', 'no-store')
      if (wantsHtml(request)) return reply.redirect(target.href, 303)
      return { authorization_url: target.href }
    },
  )

  app.delete<{ Params: { id: string } }>('/auth/identities/:id', async (request, reply) => {
    browser.assertFromOurPage(request)
    const { userId, identity } = recent(await browser.current(request))
    const { issuer, subject } = await accounts.unlink(userId, request.params.id)
    // The sessions of what was unlinked have ended; this may have been one of them.
    if (issuer === identity.issuer && subject === identity.subject) browser.clear(reply)
    return reply.header('cache-control', 'no-store').send({ unlinked: request.params.id })
  })

  /** @throws AppError FORBIDDEN when the sign-in was too long ago */
  function recent(session: Session): Session {
    if (deps.now() - session.createdAt.getTime() < recentSignInMs) return session
    throw new AppError('FORBIDDEN', 'sign in again to change how you sign in', {
      details: { sign_in_url: '/auth/login?prompt=login', max_age_seconds: recentSignInMs / 1000 },
    })
  }
}
