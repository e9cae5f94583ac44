import type { FastifyInstance } from 'fastify'
import { AppError } from '@heirloom/errors'
import { wantsHtml } from '../../http/wants-html.js'
import type { EndedSession } from '../sessions.js'
import { fieldOf, type AuthRouteDeps, type BrowserSession } from './deps.js'

/** Sign-out by the user, here and at the provider; and by the provider, here. */
export function serveSignOut(
  app: FastifyInstance,
  deps: AuthRouteDeps,
  browser: BrowserSession,
): void {
  const { publicUrl, cookies, providers, sessions, logger } = deps

  app.post('/auth/logout', async (request, reply) => {
    browser.assertFromOurPage(request)
    const secret = request.cookies[cookies.session]
    if (isYes(fieldOf(request, 'everywhere')) && secret !== undefined) {
      const { userId, id } = await sessions.find(secret)
      const all = await sessions.list(userId)
      for (const other of all.filter((session) => session.id !== id)) {
        await browser.forget(await sessions.endOf(userId, other.id))
      }
    }
    const ended = await sessions.end(secret)
    browser.clear(reply)
    reply.header('cache-control', 'no-store')
    if (ended !== undefined) await browser.forget([ended])
    const next = await afterLogout(ended)
    // A form follows the redirect; a script decides for itself.
    if (wantsHtml(request)) return reply.redirect(next, 303)
    return { signed_in: false, logout_url: next }
  })

  // OpenID Connect Back-Channel Logout 1.0, section 2.8: 200, or 400, and never from a cache.
  app.post('/auth/backchannel-logout', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const logout = await deps.verifyLogoutToken(fieldOf(request, 'logout_token'))
    const ended = await sessions.endAtProvider(logout)
    const { issuer, jti } = logout
    if (ended === undefined) {
      logger.warn({ event: 'logout_token_replayed', issuer, jti }, 'a logout token was used again')
      throw new AppError('INVALID_INPUT', 'the logout token has been used before')
    }
    logger.info({ event: 'backchannel_logout', issuer, jti, ended }, 'a provider signed out')
    return { ended }
  })

  /** OpenID Connect RP-Initiated Logout 1.0. */
  async function afterLogout(ended: EndedSession | undefined): Promise<string> {
    if (ended === undefined) return publicUrl.href
    try {
      const provider = providers.byIssuer(ended.issuer)
      const url = await provider?.endSessionUrl(ended.tokens.idToken, publicUrl.href)
      return url?.href ?? publicUrl.href
    } catch (error) {
      logger.warn({ err: error }, 'the provider could not be asked to end its session')
      return publicUrl.href
    }
  }
}

function isYes(value: unknown): boolean {
  return value === 'yes' || value === true
}
