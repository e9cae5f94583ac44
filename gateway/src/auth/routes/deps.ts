import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JSONWebKeySet } from 'jose'
import type { Logger } from '@heirloom/telemetry'
import type { Auth } from '../auth.js'
import type { Cookies } from '../cookies.js'
import { csrfHeader } from '../csrf.js'
import type { EndedSession, Session } from '../sessions.js'

export interface AuthRouteDeps extends Omit<Auth, 'signals' | 'authenticate'> {
  readonly publicUrl: URL
  readonly cookies: Cookies
  readonly internalKeys: JSONWebKeySet
  readonly logger: Logger
  readonly now: () => number
}

/** What several routes do alike with the session of a browser. */
export interface BrowserSession {
  /** The session of the cookie. @throws AppError as `Sessions.find` */
  current(request: FastifyRequest): Promise<Session>
  /** For what changes something. @throws AppError CSRF_REJECTED besides */
  assertFromOurPage(request: FastifyRequest): void
  /** Signs the browser in, in place of whoever it was signed in as before. */
  begin(request: FastifyRequest, reply: FastifyReply, secret: string): Promise<void>
  /** Gives the page the token that it has to send back, where it has not got it. */
  showCsrfToken(request: FastifyRequest, reply: FastifyReply, secret: string): string
  clear(reply: FastifyReply): void
  /** Tells the providers; the sessions here are over whether or not they can be told. */
  forget(ended: readonly EndedSession[]): Promise<void>
}

export function browserSession(deps: AuthRouteDeps): BrowserSession {
  const { cookies, csrf, sessions, providers, logger } = deps

  async function revoke({ issuer, tokens }: EndedSession): Promise<void> {
    if (tokens.refreshToken === undefined) return
    try {
      await providers.byIssuer(issuer)?.revoke(tokens.refreshToken)
    } catch (error) {
      logger.warn({ err: error }, 'a refresh token could not be revoked')
    }
  }

  async function forget(ended: readonly EndedSession[]): Promise<void> {
    await Promise.all(ended.map(revoke))
  }

  return {
    current: (request) => sessions.find(request.cookies[cookies.session]),
    assertFromOurPage: (request) => {
      csrf.assertOwnOrigin(request.headers)
      const secret = request.cookies[cookies.session]
      if (secret !== undefined) csrf.assertToken(secret, csrfTokenOf(request))
    },
    begin: async (request, reply, secret) => {
      const before = await sessions.end(request.cookies[cookies.session])
      if (before !== undefined) await forget([before])
      reply.setCookie(cookies.session, secret, cookies.options)
      reply.setCookie(cookies.csrf, csrf.tokenFor(secret), cookies.csrfOptions)
    },
    showCsrfToken: (request, reply, secret) => {
      const token = csrf.tokenFor(secret)
      if (request.cookies[cookies.csrf] !== token) {
        reply.setCookie(cookies.csrf, token, cookies.csrfOptions)
      }
      return token
    },
    clear: (reply) => {
      reply.clearCookie(cookies.session, cookies.options)
      reply.clearCookie(cookies.csrf, cookies.csrfOptions)
    },
    forget,
  }
}

/** A form sends it as a field, a script as a header. */
function csrfTokenOf(request: FastifyRequest): unknown {
  return request.headers[csrfHeader] ?? fieldOf(request, 'csrf_token')
}

export function fieldOf({ body }: FastifyRequest, name: string): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined
  return (body as Record<string, unknown>)[name]
}
