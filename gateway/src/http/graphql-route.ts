import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import type { Access } from '../access.js'
import type { Operations } from '../federation/operations.js'
import type { Asker } from '../federation/subgraph-request.js'
import type { Charged, RateLimits } from '../guard/rate-limits.js'
import { unsupportedMediaType } from './errors.js'
import { operationOf, responseTypeFor, statusFor } from './graphql-request.js'
import { idsOf } from './request-ids.js'

export interface GraphQLRouteDeps {
  readonly operations: Pick<Operations, 'respond'>
  readonly access: Pick<Access, 'admitRequest'>
  readonly rateLimits: RateLimits
}

/** GraphQL over HTTP, by POST alone: what changes data must never hide behind a link. */
export function serveGraphQL(app: FastifyInstance, deps: GraphQLRouteDeps): void {
  const { operations, access, rateLimits } = deps
  const admitted = new WeakMap<FastifyRequest, Asker>()

  app.post('/graphql', {
    // Before the body is read: who may not ask, or not so often, is not listened to.
    onRequest: async (request) => {
      const askAs = await access.admitRequest(request)
      const asker = askAs(idsOf(request))
      await rateLimits.asked(asker.who)
      admitted.set(request, asker)
    },
    handler: async (request, reply) => {
      const asker = admitted.get(request)
      if (asker === undefined) throw new Error('unreachable: the hook has set it')
      if (request.headers['content-type']?.startsWith('application/json') !== true) {
        throw unsupportedMediaType()
      }
      const operation = {
        ...operationOf(request.body),
        charge: (charged: Charged) => rateLimits.charged(asker.who, charged),
      }
      const { status, body } = await operations.respond(operation, asker.createCaller())
      reply.header('cache-control', 'no-store').header('vary', 'accept')
      const { accept } = request.headers
      return reply.status(statusFor(status, accept)).type(responseTypeFor(accept)).send(body)
    },
  })
  app.get('/graphql', (request, reply) => {
    if (request.headers.accept?.includes('text/html') === true) return reply.redirect('/graphiql')
    reply.header('allow', 'POST')
    throw new AppError(
      'METHOD_NOT_ALLOWED',
      'send GraphQL requests with POST; /graphiql is for people',
    )
  })
}
