import type { FastifyInstance } from 'fastify'
import type { Cookies } from '../auth/cookies.js'
import { isSignedOut } from '../auth/routes.js'
import type { Session, Sessions } from '../auth/sessions.js'
import { contentSecurityPolicy, hashSource } from '../http/security-headers.js'
import { escapeHtml } from './escape.js'

export interface LandingDeps {
  readonly sessions: Sessions
  readonly cookies: Cookies
  /** Signing out passes through here: a form may only be sent where the policy lets it. */
  readonly providerUrl: URL
}

const style = `
:root{color-scheme:light dark;--ink:#1d2521;--paper:#f6f3ec;--card:#fffdf8;--line:#cfc8b8;--accent:#1f5c4a}
@media(prefers-color-scheme:dark){:root{--ink:#ece7db;--paper:#171b19;--card:#202623;--line:#4a524d;--accent:#7cc4ab}}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:3rem 1.25rem}
h1{font:600 2rem/1.2 Georgia,serif;margin:0}
section{margin-top:1.5rem;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
h2{font-size:1.05rem;margin:0 0 .5rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:0 0 1rem}
dt{font-weight:600}dd{margin:0}
ul{margin:0;padding-left:1.25rem}
a{color:var(--accent)}
.action{display:inline-block;font:inherit;font-weight:600;padding:.5rem 1rem;color:var(--paper);background:var(--accent);border:0;border-radius:.4rem;text-decoration:none;cursor:pointer}
:is(a,button):focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`

/** The first page: who is signed in, and where to go. */
export function serveLanding(app: FastifyInstance, deps: LandingDeps): void {
  const policy = contentSecurityPolicy({
    'style-src': [hashSource(style)],
    'img-src': ['data:'],
    'form-action': ["'self'", deps.providerUrl.origin],
  })
  app.get('/', async (request, reply) => {
    const secret = request.cookies[deps.cookies.session]
    const session = await currentSession(deps.sessions, secret)
    const csrfToken = secret === undefined ? '' : deps.sessions.csrfToken(secret)
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
  </form>
</section>`
}

function page(who: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Heirloom</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Heirloom</h1>
<p>Legacies, the people in them, and the stories told about them: one graph.</p>
${who}
<section aria-labelledby="where">
  <h2 id="where">Where to go</h2>
  <ul>
    <li><a href="/graphiql">GraphiQL</a>: try queries, mutations and subscriptions</li>
    <li><a href="/schema">The schema</a> that clients see, and <a href="/schema/supergraph">the supergraph</a></li>
    <li><a href="/readyz">Health</a>: whether everything is there</li>
  </ul>
</section>
</main>
</body>
</html>
`
}
