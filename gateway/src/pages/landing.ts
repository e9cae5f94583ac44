import type { FastifyInstance } from 'fastify'
import type { Cookies } from '../auth/cookies.js'
import type { Csrf } from '../auth/csrf.js'
import { isSignedOut } from '../auth/routes/session-routes.js'
import type { Session, Sessions } from '../auth/sessions.js'
import { escapeHtml } from './escape.js'
import { htmlPage, pagePolicy } from './layout.js'

export interface LandingDeps {
  readonly sessions: Sessions
  readonly cookies: Cookies
  readonly csrf: Csrf
  /** Signing out passes through these: a form may only be sent where the policy lets it. */
  readonly providerUrls: readonly URL[]
}

/** The first page: who is signed in, and where to go. */
export function serveLanding(app: FastifyInstance, deps: LandingDeps): void {
  const policy = pagePolicy(["'self'", ...deps.providerUrls.map(({ origin }) => origin)])
  app.get('/', async (request, reply) => {
    const secret = request.cookies[deps.cookies.session]
    const session = await currentSession(deps.sessions, secret)
    const csrfToken = secret === undefined ? '' : deps.csrf.tokenFor(secret)
    return reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(page(session === undefined ? signedOut : signedIn(session, csrfToken)))
  })
}

async function currentSession(
  sessions: Sessions,
  secret: string | undefined,
): Promise<Session | undefined> {
  if (secret === undefined) return undefined
  try {
    return await sessions.find(secret)
  } catch (error) {
    if (isSignedOut(error)) return undefined
    throw error
  }
}

const signedOut = `
<section aria-labelledby="who">
  <h2 id="who">You are not signed in</h2>
  <a class="action" href="/auth/login?return_to=/">Sign in</a>
</section>`

function signedIn({ identity }: Session, csrfToken: string): string {
  const { name, sub, tenant_id: tenant, roles } = identity.claims
  const roleList = Array.isArray(roles) ? roles.join(', ') : ''
  return `
<section aria-labelledby="who">
  <h2 id="who">You are signed in</h2>
  <dl>
    <dt>User</dt><dd>${escapeHtml(String(name ?? sub))}</dd>
    <dt>Tenant</dt><dd>${escapeHtml(String(tenant))}</dd>
    <dt>Roles</dt><dd>${escapeHtml(roleList === '' ? 'none' : roleList)}</dd>
  </dl>
  <form method="post" action="/auth/logout">
    <input type="hidden" name="csrf_token" value="${escapeHtml(csrfToken)}">
    <button class="action">Sign out</button>
    <button class="action quiet" name="everywhere" value="yes">Sign out everywhere</button>
  </form>
</section>`
}

function page(who: string): string {
  return htmlPage(
    'Heirloom',
    `<h1>Heirloom</h1>
<p>Legacies, the people in them, and the stories told about them: one graph.</p>
${who}
<section aria-labelledby="where">
  <h2 id="where">Where to go</h2>
  <ul>
    <li><a href="/graphiql">GraphiQL</a>: try queries, mutations and subscriptions</li>
    <li><a href="/schema">The schema</a> that clients see, and <a href="/schema/supergraph">the supergraph</a></li>
    <li><a href="/readyz">Health</a>: whether everything is there</li>
  </ul>
</section>`,
  )
}
