import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import { userIdIn } from '../identity.js'
import type { Session } from '../sessions.js'
import type { AuthRouteDeps, BrowserSession } from './deps.js'

/** Who is signed in with this browser, and where else. */
export function serveSessions(
  app: FastifyInstance,
  deps: AuthRouteDeps,
  browser: BrowserSession,
): void {
  const { cookies, providers, sessions } = deps

  app.get('/auth/session', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return sessionBody(request, reply)
  })

  app.get('/auth/sessions', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const current = await browser.current(request)
    const all = await sessions.list(current.userId)
    return { sessions: all.map((session) => listed(session, current.id)) }
  })

  app.delete<{ Params: { id: string } }>('/auth/sessions/:id', async (request, reply) => {
    browser.assertFromOurPage(request)
    const current = await browser.current(request)
    const ended = await sessions.endOf(current.userId, request.params.id)
    // Another user's session is not told from one that never was.
    if (ended.length === 0) throw new AppError('NOT_FOUND', 'you have no such session')
    if (request.params.id === current.id) browser.clear(reply)
    await browser.forget(ended)
    return reply.header('cache-control', 'no-store').send({ ended: ended.length })
  })

  app.delete('/auth/sessions', async (request, reply) => {
    browser.assertFromOurPage(request)
    const { userId } = await browser.current(request)
    const ended = await sessions.endOf(userId)
    browser.clear(reply)
    await browser.forget(ended)
    return reply.header('cache-control', 'no-store').send({ ended: ended.length })
  })

  async function sessionBody(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    const secret = request.cookies[cookies.session]
    if (secret === undefined) return { signed_in: false }
    try {
      const session = await sessions.find(secret)
      return { ...described(session), csrf_token: browser.showCsrfToken(request, reply, secret) }
    } catch (error) {
      if (!isSignedOut(error)) throw error
      browser.clear(reply)
      return { signed_in: false }
    }
  }

  function listed({ id, identity, ...session }: Session, currentId: string): object {
    return {
      id,
      current: id === currentId,
      provider: providers.byIssuer(identity.issuer)?.config.id ?? null,
      tenant_id: identity.claims.tenant_id,
      user_agent: session.userAgent ?? null,
      created_at: session.createdAt.toISOString(),
      last_seen_at: session.lastSeenAt.toISOString(),
      expires_at: session.expiresAt.toISOString(),
    }
  }
}

function described({ identity, expiresAt }: Session): object {
  const { claims, expiresAtMs } = identity
  return {
    signed_in: true,
    tenant_id: claims.tenant_id,
    mode: claims.mode,
    user: { id: userIdIn(identity), name: claims.name ?? null },
    roles: claims.roles ?? [],
    expires_at: expiresAt.toISOString(),
    access_expires_at: new Date(expiresAtMs).toISOString(),
  }
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof AppError && error.status === 401
}
