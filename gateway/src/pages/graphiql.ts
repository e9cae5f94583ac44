import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { FastifyInstance } from 'fastify'
import { artifact, sendArtifact } from '../http/etag.js'
import { contentSecurityPolicy, hashSource } from '../http/security-headers.js'
import { csrfScript } from './csrf-script.js'

export interface GraphiqlOptions {
  /** Where browsers reach the gateway; undefined when that is not known. */
  readonly publicUrl: URL | undefined
  /** What the editor shows first. */
  readonly firstQuery: string
}

/** GraphiQL with everything it needs in one page: it works without any other network. */
export function serveGraphiql(app: FastifyInstance, options: GraphiqlOptions): void {
  const { publicUrl, firstQuery } = options
  const editor = renderGraphiQL({
    title: 'Heirloom GraphiQL',
    endpoint: '/graphql',
    credentials: 'same-origin',
    subscriptionsProtocol: 'WS',
    defaultQuery: firstQuery,
  })
  // First of all, so that everything the editor sends passes through it.
  const html = editor.replace(/<head>/, (head) => `${head}<script>${csrfScript}</script>`)
  const page = artifact(html)
  const policyFor = (socketOrigin: string) =>
    contentSecurityPolicy({
      // The editor compiles nothing from elsewhere; its workers start from blobs of this page.
      'script-src': [...inlineScripts(html).map(hashSource), 'blob:'],
      'style-src': ["'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'font-src': ['data:'],
      'worker-src': ['blob:'],
      'connect-src': ["'self'", socketOrigin],
    })
  app.get('/graphiql', (request, reply) => {
    // A browser that does not count WebSockets to 'self' is told their address.
    const origin = publicUrl?.origin ?? `${request.protocol}://${request.host}`
    reply.header('content-security-policy', policyFor(origin.replace(/^http/, 'ws')))
    return sendArtifact(request, reply, 'text/html; charset=utf-8', page)
  })
}

function inlineScripts(html: string): readonly string[] {
  return [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text ?? '')
}
