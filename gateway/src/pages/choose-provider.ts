import { escapeHtml } from './escape.js'
import { htmlPage, pagePolicy } from './layout.js'

export interface ProviderChoice {
  readonly name: string
  readonly login_url: string
}

export const choicePolicy = pagePolicy()

/** Which of several identity providers to sign in with. */
export function choicePage(choices: readonly ProviderChoice[]): string {
  const links = choices.map(
    ({ name, login_url: url }) =>
      `<li><a class="action" href="${escapeHtml(url)}">Sign in with ${escapeHtml(name)}</a></li>`,
  )
  return htmlPage(
    'Sign in · Heirloom',
    `<h1>Sign in</h1>
<section aria-label="Identity providers">
  <ul class="choices">${links.join('\n')}</ul>
</section>`,
  )
}
