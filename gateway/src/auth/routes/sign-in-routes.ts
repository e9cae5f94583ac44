import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import { wantsHtml } from '../../http/wants-html.js'
import { choicePage, choicePolicy } from '../../pages/choose-provider.js'
import type { OidcProvider, SignedIn } from '../provider.js'
import { returnPath } from '../return-path.js'
import { signInLifetimeMs, type SignIn } from '../sign-ins.js'
import type { AuthRouteDeps, BrowserSession } from './deps.js'

interface LoginQuery {
  readonly return_to?: unknown
  readonly provider?: unknown
  readonly prompt?: unknown
}

/** Sign-in by Authorization Code with PKCE (RFC 7636); tokens never reach the browser. */
export function serveSignIn(
  app: FastifyInstance,
  deps: AuthRouteDeps,
  browser: BrowserSession,
): void {
  const { publicUrl, cookies, providers, sessions, signIns } = deps

  app.get<{ Querystring: LoginQuery }>('/auth/login', async (request, reply) => {
    const { return_to: wanted, provider: providerId, prompt } = request.query
    const returnTo = returnPath(wanted, publicUrl)
    // The provider sends the browser back to the public address: a cookie that is set under
    // another name of this machine would not come back with it.
    if (isOtherLoopbackName(request.hostname, publicUrl)) {
      return reply.redirect(new URL(request.url, publicUrl).href)
    }
    reply.header('cache-control', 'no-store')
    if (providerId === undefined && providers.all.length > 1) {
      return choice(request, reply, returnTo)
    }
    const provider = providerId === undefined ? providers.first : providerOf(deps, providerId)
    const target = await leaveFor(deps, reply, provider, {
      returnTo,
      asksAgain: prompt === 'login',
    })
    return reply.redirect(target.href)
  })

  for (const { config } of providers.all) {
    app.get(config.callbackPath, async (request, reply) => {
      const secret = request.cookies[cookies.signIn]
      reply.clearCookie(cookies.signIn, cookies.options).header('cache-control', 'no-store')
      const signIn = await signIns.take(secret)
      const provider = providers.byId(signIn.providerId)
      if (provider === undefined || provider.config.id !== config.id) {
        throw new AppError('FORBIDDEN', 'this answer is not of the provider that was asked')
      }
      const signedIn = await provider.exchange(new URL(request.url, publicUrl), signIn.checks)
      await arrived(request, reply, signIn, provider, signedIn)
      return reply.redirect(signIn.returnTo)
    })
  }

  function choice(request: FastifyRequest, reply: FastifyReply, returnTo: string): FastifyReply {
    const choices = providers.all.map(({ config: { id, name } }) => {
      const query = new URLSearchParams({ provider: id, return_to: returnTo })
      return { id, name, login_url: `/auth/login?${query.toString()}` }
    })
    if (!wantsHtml(request)) return reply.send({ providers: choices })
    reply.header('content-security-policy', choicePolicy).type('text/html; charset=utf-8')
    return reply.send(choicePage(choices))
  }

  async function arrived(
    request: FastifyRequest,
    reply: FastifyReply,
    { link }: SignIn,
    provider: OidcProvider,
    signedIn: SignedIn,
  ): Promise<void> {
    if (link !== undefined) return linkWith(request, link.sessionId, provider, signedIn)
    const userAgent = request.headers['user-agent']
    await browser.begin(request, reply, await sessions.start(signedIn, provider, userAgent))
  }

  /** Proof of both: the session is the first identity's, the answer the second one's. */
  async function linkWith(
    request: FastifyRequest,
    sessionId: string,
    provider: OidcProvider,
    { tokens, subject }: SignedIn,
  ): Promise<void> {
    const { issuer } = await provider.verification()
    // Its tokens were only to show who this is.
    await browser.forget([{ issuer, tokens }])
    const session = await browser.current(request)
    if (session.id !== sessionId) {
      throw new AppError('FORBIDDEN', 'another session began to link this identity')
    }
    await deps.accounts.link(session.userId, { issuer, subject })
  }
}

/** @throws AppError NOT_FOUND */
export function providerOf({ providers }: AuthRouteDeps, id: unknown): OidcProvider {
  const provider = typeof id === 'string' ? providers.byId(id) : undefined
  if (provider === undefined) throw new AppError('NOT_FOUND', 'there is no such identity provider')
  return provider
}

/** Remembers the sign-in for this browser; resolves to where it has to go. */
export async function leaveFor(
  { publicUrl, cookies, signIns }: AuthRouteDeps,
  reply: FastifyReply,
  provider: OidcProvider,
  { asksAgain, ...rest }: Pick<SignIn, 'returnTo' | 'link'> & { readonly asksAgain: boolean },
): Promise<URL> {
  const checks = provider.newChecks()
  const callbackUrl = new URL(provider.config.callbackPath, publicUrl)
  const target = await provider.authorizationUrl(checks, callbackUrl.href, asksAgain)
  const secret = await signIns.begin({ ...rest, checks, providerId: provider.config.id })
  reply.setCookie(cookies.signIn, secret, { ...cookies.options, maxAge: signInLifetimeMs / 1000 })
  return target
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

function isOtherLoopbackName(hostname: string, publicUrl: URL): boolean {
  return (
    hostname !== publicUrl.hostname &&
    loopbackNames.includes(hostname) &&
    loopbackNames.includes(publicUrl.hostname)
  )
}
