import type { AppError } from '@heirloom/errors'
import { escapeHtml } from './escape.js'
import { htmlPage, pagePolicy } from './layout.js'

export const errorPolicy = pagePolicy()

/** What went wrong, for a person: our own words, never those of a provider or of the address. */
export function errorPage(error: AppError, requestId: string): string {
  return htmlPage(
    'This did not work · Heirloom',
    `<h1>This did not work</h1>
<section aria-label="What happened">
  <p role="alert">${escapeHtml(error.message)}.</p>
  <a class="action" href="/auth/login">Sign in</a>
  <a class="action quiet" href="/">First page</a>
</section>
<p><small>${escapeHtml(error.code)} · ${escapeHtml(requestId)}</small></p>`,
  )
}
