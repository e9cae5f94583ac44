import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import type { Access, AskAs } from '../access.js'
import type { Operations } from '../federation/operations.js'
import { unsupportedMediaType } from './errors.js'
import { operationOf, responseTypeFor, statusFor } from './graphql-request.js'
import { idsOf } from './request-ids.js'

export interface GraphQLRouteDeps {
  readonly operations: Pick<Operations, 'respond'>
  readonly access: Pick<Access, 'admitRequest'>
}

/** GraphQL over HTTP, by POST alone: what changes data must never hide behind a link. */
export function serveGraphQL(app: FastifyInstance, deps: GraphQLRouteDeps): void {
  const admitted = new WeakMap<FastifyRequest, AskAs>()

  app.post('/graphql', {
    // Before the body is read: who may not ask is not listened to.
    onRequest: async (request) => {
      admitted.set(request, await deps.access.admitRequest(request))
    },
    handler: async (request, reply) => {
      const askAs = admitted.get(request)
      if (askAs === undefined) throw new Error('unreachable: the hook has set it')
      const asker = askAs(idsOf(request))
      if (request.headers['content-type']?.startsWith('application/json') !== true) {
        throw unsupportedMediaType()
      }
      const operation = operationOf(request.body)
      const { status, body } = await deps.operations.respond(operation, asker.createCaller())
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
