import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import { childTraceparent } from '@heirloom/telemetry'
import type { Authenticated } from '../auth/authenticate.js'
import { contextOf } from '../auth/identity.js'
import type { CreateCaller } from '../federation/caller.js'
import { isObject } from '../federation/json.js'
import type { OperationRequest, Operations } from '../federation/operations.js'
import { unsupportedMediaType } from './errors.js'

export interface GraphQLRouteDeps {
  readonly operations: Pick<Operations, 'respond'>
  readonly createCaller: CreateCaller
  /** Who asks; throws what to answer when nobody may. */
  readonly authenticate: (request: FastifyRequest) => Promise<Authenticated>
}

const responseType = 'application/graphql-response+json'

/** GraphQL over HTTP, by POST alone: what changes data must never hide behind a link. */
export function serveGraphQL(app: FastifyInstance, deps: GraphQLRouteDeps): void {
  const callers = new WeakMap<FastifyRequest, Authenticated>()

  app.post('/graphql', {
    // Before the body is read: who may not ask is not listened to.
    onRequest: async (request) => {
      callers.set(request, await deps.authenticate(request))
    },
    handler: async (request, reply) => {
      const authenticated = callers.get(request)
      if (authenticated === undefined) throw new Error('unreachable: the hook has set it')
      const tenant = contextOf(authenticated.identity, {
        requestId: request.id,
        traceparent: childTraceparent(header(request, 'traceparent')),
      })
      const operation = operationOf(request)
      const { status, body } = await deps.operations.respond(operation, deps.createCaller(tenant))
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

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
