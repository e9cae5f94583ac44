import { demoPassword, demoTenants, type DemoTenant } from '../demo-tenants.js'

/** Plain HTML without scripts from elsewhere: it works offline and with a screen reader. */
export function signInPage(options: {
  readonly action: string
  readonly email?: string
  readonly problem?: string
}): string {
  const { action, email = '', problem } = options
  const alert =
    problem === undefined ? '' : `<p class="problem" role="alert">${escape(problem)}</p>`
  return page(
    'Sign in',
    `<h1>Sign in to Heirloom</h1>
${alert}
<form method="post" action="${escape(action)}">
  <label for="email">Email</label>
  <input id="email" name="email" type="email" autocomplete="username" required value="${escape(email)}">
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required>
  <button class="primary">Sign in</button>
</form>
<h2>Or choose a demo user</h2>
<p class="hint">Everybody's password is <code>${escape(demoPassword)}</code>.</p>
${demoTenants.map((tenant) => tenantSection(tenant, action)).join('\n')}`,
  )
}

function tenantSection(tenant: DemoTenant, action: string): string {
  const buttons = tenant.users.map(
    (user) => `<li><form method="post" action="${escape(action)}">
    <input type="hidden" name="email" value="${escape(user.email)}">
    <input type="hidden" name="password" value="${escape(demoPassword)}">
    <button><strong>${escape(user.name)}</strong> <span>${escape(user.role)}</span></button>
  </form></li>`,
  )
  return `<section aria-label="${escape(tenant.name)}">
  <h3>${escape(tenant.name)}</h3>
  <ul>${buttons.join('\n')}</ul>
</section>`
}

/** `form` is oidc-provider's own, with the id op.logoutForm. */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `<h1>Signing you out</h1>
${form.replace('</form>', '<input type="hidden" name="logout" value="yes"><button class="primary">Sign out</button></form>')}
<script>document.forms[0].submit()</script>`,
  )
}

export function messagePage(title: string, message: string): string {
  return page(title, `<h1>${escape(title)}</h1><p>${escape(message)}</p>`)
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · Heirloom</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body><main>${body}</main></body>
</html>
`
}

const style = `
:root { color-scheme: light dark; --ink: #1d2521; --paper: #f6f3ec; --card: #fffdf8; --line: #cfc8b8; --accent: #1f5c4a; --alert: #9b1c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ece7db; --paper: #171b19; --card: #202623; --line: #4a524d; --accent: #7cc4ab; --alert: #ff9b8f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font: 600 1.6rem/1.2 Georgia, serif; margin: 0 0 1.25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 0; }
h3 { font-size: .95rem; margin: 1.25rem 0 .4rem; }
label { display: block; font-weight: 600; margin: .75rem 0 .25rem; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
button { font: inherit; color: inherit; cursor: pointer; padding: .55rem .8rem; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; text-align: left; width: 100%; }
button span { float: right; opacity: .75; }
button:hover { border-color: var(--accent); }
:is(button, input):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.primary { margin-top: 1rem; background: var(--accent); border-color: var(--accent); color: var(--paper); text-align: center; font-weight: 600; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .4rem; }
.hint { margin: .25rem 0 0; opacity: .8; }
.problem { color: var(--alert); font-weight: 600; }
`

function escape(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
