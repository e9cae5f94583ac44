import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import type { Access, AskAs } from '../access.js'
import { isObject } from '../federation/json.js'
import type { OperationRequest, Operations } from '../federation/operations.js'
import { unsupportedMediaType } from './errors.js'
import { idsOf } from './request-ids.js'

export interface GraphQLRouteDeps {
  readonly operations: Pick<Operations, 'respond'>
  readonly access: Pick<Access, 'admitRequest'>
}

const responseType = 'application/graphql-response+json'

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
      const operation = operationOf(request)
      const { status, body } = await deps.operations.respond(operation, asker.createCaller())
      const accepts = request.headers.accept ?? ''
      const type = accepts.includes(responseType) ? responseType : 'application/json'
      reply.header('cache-control', 'no-store').header('vary', 'accept')
      return reply.status(status).type(`${type}; charset=utf-8`).send(body)
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

/** https://graphql.github.io/graphql-over-http: the parameters of a POST. */
function operationOf({ body, headers }: FastifyRequest): OperationRequest {
  if (headers['content-type']?.startsWith('application/json') !== true) throw unsupportedMediaType()
  if (!isObject(body)) {
    throw new AppError('INVALID_INPUT', 'the request body must be one JSON object')
  }
  const { query, operationName, variables } = body
  if (typeof query !== 'string' || query.trim() === '') {
    throw new AppError('INVALID_INPUT', '"query" must be a GraphQL document')
  }
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    throw new AppError('INVALID_INPUT', '"operationName" must be a string')
  }
  if (!isAbsent(variables) && !isObject(variables)) {
    throw new AppError('INVALID_INPUT', '"variables" must be an object')
  }
  return { query, operationName, variables }
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
