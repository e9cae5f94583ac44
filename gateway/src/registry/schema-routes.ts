import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Supergraph } from '../federation/supergraph.js'
import { artifact, sendArtifact, type Artifact } from '../http/etag.js'

/** What client teams generate their types from, and what a router could be run with. */
export function serveSchema(app: FastifyInstance, current: () => Supergraph): void {
  const artifacts = new WeakMap<
    Supergraph,
    { readonly api: Artifact; readonly composed: Artifact }
  >()

  function artifactsNow(): { readonly api: Artifact; readonly composed: Artifact } {
    const supergraph = current()
    const made = artifacts.get(supergraph) ?? {
      api: artifact(supergraph.apiSdl),
      composed: artifact(supergraph.sdl),
    }
    artifacts.set(supergraph, made)
    return made
  }

  app.get('/schema', (request, reply) =>
    sendArtifact(request, reply, sdlType(request), artifactsNow().api),
  )
  app.get('/schema/supergraph', (request, reply) =>
    sendArtifact(request, reply, sdlType(request), artifactsNow().composed),
  )
}

function sdlType({ headers }: FastifyRequest): string {
  const isAsked = headers.accept?.includes('application/graphql') === true
  return isAsked ? 'application/graphql; charset=utf-8' : 'text/plain; charset=utf-8'
}
