import type { IncomingHttpHeaders } from 'node:http'

/** Whether a person looks at the answer, rather than a script. */
export function wantsHtml({ headers }: { readonly headers: IncomingHttpHeaders }): boolean {
  return headers.accept?.includes('text/html') === true
}
