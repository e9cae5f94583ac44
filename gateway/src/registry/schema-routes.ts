import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Supergraph } from '../federation/supergraph.js'
import { artifact, sendArtifact } from '../http/etag.js'

/** What client teams generate their types from, and what a router could be run with. */
export function serveSchema(app: FastifyInstance, supergraph: Supergraph): void {
  const api = artifact(supergraph.apiSdl)
  const composed = artifact(supergraph.sdl)
  app.get('/schema', (request, reply) => sendArtifact(request, reply, sdlType(request), api))
  app.get('/schema/supergraph', (request, reply) =>
    sendArtifact(request, reply, sdlType(request), composed),
  )
}

function sdlType({ headers }: FastifyRequest): string {
  const isAsked = headers.accept?.includes('application/graphql') === true
  return isAsked ? 'application/graphql; charset=utf-8' : 'text/plain; charset=utf-8'
}
