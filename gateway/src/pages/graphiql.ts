import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { FastifyInstance } from 'fastify'
import { artifact, sendArtifact } from '../http/etag.js'
import { contentSecurityPolicy, hashSource } from '../http/security-headers.js'

const firstQuery = `# Sign in at / first: requests carry your session's cookie.
query Legacies {
  legacies {
    nodes {
      id
      title
      stories(first: 5) {
        nodes { title people { name } }
      }
    }
  }
}

# Needs the id of a legacy. Give the cursor of the last event as "after" to go on from there.
subscription Timeline($legacyId: ID!, $after: String) {
  timeline(legacyId: $legacyId, after: $after) {
    cursor
    type
    story { title }
    person { name }
  }
}
`

/** GraphiQL with everything it needs in one page: it works without any other network. */
export function serveGraphiql(app: FastifyInstance, publicUrl: URL): void {
  const html = renderGraphiQL({
    title: 'Heirloom GraphiQL',
    endpoint: '/graphql',
    credentials: 'same-origin',
    subscriptionsProtocol: 'WS',
    defaultQuery: firstQuery,
  })
  const page = artifact(html)
  const policy = contentSecurityPolicy({
    // The editor compiles nothing from elsewhere; its workers start from blobs of this page.
    'script-src': [...inlineScripts(html).map(hashSource), 'blob:'],
    'style-src': ["'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ['data:'],
    'worker-src': ['blob:'],
    'connect-src': ["'self'", publicUrl.origin.replace(/^http/, 'ws')],
  })
  app.get('/graphiql', (request, reply) => {
    reply.header('content-security-policy', policy)
    return sendArtifact(request, reply, 'text/html; charset=utf-8', page)
  })
}

function inlineScripts(html: string): readonly string[] {
  return [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text ?? '')
}
