import { contentSecurityPolicy, hashSource } from '../http/security-headers.js'
import { escapeHtml } from './escape.js'

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
.choices{list-style:none;padding:0;display:grid;gap:.5rem}
a{color:var(--accent)}
small{opacity:.75}
.action{display:inline-block;font:inherit;font-weight:600;padding:.5rem 1rem;color:var(--paper);background:var(--accent);border:0;border-radius:.4rem;text-decoration:none;cursor:pointer}
.quiet{color:var(--accent);background:none;border:1px solid var(--accent)}
:is(a,button):focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`

/** Lets a page of ours have its style; forms go to `formTargets` alone. */
export function pagePolicy(formTargets: readonly string[] = ["'none'"]): string {
  return contentSecurityPolicy({
    'style-src': [hashSource(style)],
    'img-src': ['data:'],
    'form-action': formTargets,
  })
}

/** A whole page. `title` is escaped here, `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
}
