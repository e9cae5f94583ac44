import { artifact, type Artifact } from '../http/etag.js'
import { contentSecurityPolicy, hashSource } from '../http/security-headers.js'
import { escapeHtml } from '../pages/escape.js'
import type { Endpoint } from './endpoints.js'

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td{padding:.3rem .8rem .3rem 0;vertical-align:top}
tr{border-top:1px solid #ccc}code{white-space:nowrap}td:last-child{color:#444}`

/** The endpoints for people, without a script. */
export function restPage(endpoints: readonly Endpoint[]): { page: Artifact; policy: string } {
  const rows = endpoints
    .toSorted((one, other) => (one.path < other.path ? -1 : one.path === other.path ? 0 : 1))
    .map(({ method, path, field }) => {
      const said = escapeHtml(field.description ?? '')
      return `<tr><td><code>${method}</code></td><td><code>/api/v1${escapeHtml(path)}</code></td><td>${said}</td></tr>`
    })
  const html = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Heirloom by REST</title><style>${style}</style>
<h1>Heirloom by REST</h1>
<p>The same schema as <a href="/graphiql">GraphQL</a>, one address per field. The machine-readable
description is <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1). Requests carry
<code>Authorization: Bearer …</code>, or the cookie of a session.</p>
<table>${rows.join('\n')}</table></html>`
  return {
    page: artifact(html),
    policy: contentSecurityPolicy({ 'style-src': [hashSource(style)] }),
  }
}
