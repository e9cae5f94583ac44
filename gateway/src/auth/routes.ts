import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JSONWebKeySet } from 'jose'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { assertOwnOrigin } from './authenticate.js'
import type { Cookies } from './cookies.js'
import type { OidcProvider, Tokens } from './provider.js'
import { returnPath } from './return-path.js'
import type { Session, Sessions } from './sessions.js'
import { signInLifetimeMs, type SignIns } from './sign-ins.js'

export interface AuthRouteDeps {
  readonly publicUrl: URL
  readonly cookies: Cookies
  readonly provider: OidcProvider
  readonly sessions: Sessions
  readonly signIns: SignIns
  readonly internalKeys: JSONWebKeySet
  readonly logger: Logger
}

const keysMaxAgeSeconds = 300

/** Sign-in by Authorization Code with PKCE (RFC 7636); tokens never reach the browser. */
export function serveAuth(app: FastifyInstance, deps: AuthRouteDeps): void {
  const { publicUrl, cookies, provider, sessions, signIns } = deps
  const callbackUrl = new URL('/auth/callback', publicUrl)

  app.get('/.well-known/heirloom-internal-jwks.json', (_request, reply) =>
    reply.header('cache-control', `public, max-age=${keysMaxAgeSeconds}`).send(deps.internalKeys),
  )

  app.get<{ Querystring: { return_to?: unknown } }>('/auth/login', async (request, reply) => {
    const returnTo = returnPath(request.query.return_to, publicUrl)
    // The provider sends the browser back to the public address: a cookie that is set under
    // another name of this machine would not come back with it.
    if (isOtherLoopbackName(request.hostname, publicUrl)) {
      return reply.redirect(new URL(request.url, publicUrl).href)
    }
    const checks = provider.newChecks()
    const target = await provider.authorizationUrl(checks, callbackUrl.href)
    const secret = await signIns.begin({ checks, returnTo })
    reply.setCookie(cookies.signIn, secret, { ...cookies.options, maxAge: signInLifetimeMs / 1000 })
    return reply.header('cache-control', 'no-store').redirect(target.href)
  })

  app.get('/auth/callback', async (request, reply) => {
    const secret = request.cookies[cookies.signIn]
    reply.clearCookie(cookies.signIn, cookies.options).header('cache-control', 'no-store')
    const { checks, returnTo } = await signIns.take(secret)
    const tokens = await provider.exchange(new URL(request.url, publicUrl), checks)
    const session = await sessions.start(tokens)
    // Whoever was signed in with this browser before is not any more.
    await forget(await sessions.end(request.cookies[cookies.session]))
    reply.setCookie(cookies.session, session, cookies.options)
    return reply.redirect(returnTo)
  })

  app.post('/auth/logout', async (request, reply) => {
    const secret = request.cookies[cookies.session]
    assertOwnOrigin(request.headers.origin, publicUrl)
    assertCsrfToken(sessions, secret, csrfTokenOf(request))
    const tokens = await sessions.end(secret)
    reply.clearCookie(cookies.session, cookies.options).header('cache-control', 'no-store')
    await forget(tokens)
    const next = await afterLogout(tokens)
    // A form follows the redirect; a script decides for itself.
    if (wantsHtml(request)) return reply.redirect(next, 303)
    return { signed_in: false, logout_url: next }
  })

  app.get('/auth/session', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return sessionBody(request, reply)
  })

  async function sessionBody(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    const secret = request.cookies[cookies.session]
    if (secret === undefined) return { signed_in: false }
    try {
      return { ...described(await sessions.find(secret)), csrf_token: sessions.csrfToken(secret) }
    } catch (error) {
      if (!isSignedOut(error)) throw error
      reply.clearCookie(cookies.session, cookies.options)
      return { signed_in: false }
    }
  }

  async function afterLogout(tokens: Tokens | undefined): Promise<string> {
    if (tokens === undefined) return publicUrl.href
    try {
      const url = await provider.endSessionUrl(tokens.idToken, publicUrl.href)
      return url?.href ?? publicUrl.href
    } catch (error) {
      deps.logger.warn({ err: error }, 'the provider could not be asked to end its session')
      return publicUrl.href
    }
  }

  /** The session here is over whether or not the provider can be told. */
  async function forget(tokens: Tokens | undefined): Promise<void> {
    if (tokens?.refreshToken === undefined) return
    try {
      await provider.revoke(tokens.refreshToken)
    } catch (error) {
      deps.logger.warn({ err: error }, 'a refresh token could not be revoked')
    }
  }
}

/** @throws AppError CSRF_REJECTED for the token of another session: a page left open, say. */
export function assertCsrfToken(
  sessions: Sessions,
  secret: string | undefined,
  token: string | undefined,
): void {
  if (token === undefined || secret === undefined || sessions.isCsrfToken(secret, token)) return
  throw new AppError('CSRF_REJECTED', 'this page belongs to an earlier session; load it again')
}

function csrfTokenOf(request: FastifyRequest): string | undefined {
  const body = request.body as { csrf_token?: unknown } | null | undefined
  const token = request.headers['x-csrf-token'] ?? body?.csrf_token
  return typeof token === 'string' ? token : undefined
}

function described({ identity, expiresAt }: Session): object {
  const { claims, expiresAtMs } = identity
  return {
    signed_in: true,
    tenant_id: claims.tenant_id,
    mode: claims.mode,
    user: { id: String(claims.sub).replace(/^\w+:/, ''), name: claims.name ?? null },
    roles: claims.roles ?? [],
    expires_at: expiresAt.toISOString(),
    access_expires_at: new Date(expiresAtMs).toISOString(),
  }
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof AppError && error.status === 401
}

function wantsHtml({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

function isOtherLoopbackName(hostname: string, publicUrl: URL): boolean {
  return (
    hostname !== publicUrl.hostname &&
    loopbackNames.includes(hostname) &&
    loopbackNames.includes(publicUrl.hostname)
  )
}
