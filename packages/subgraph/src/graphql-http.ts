import type { FastifyReply, FastifyRequest } from 'fastify'
import { GraphQLError, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { AppError, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { publicError } from './graphql-errors.js'
import type { RequestContext } from './request-context.js'

export interface GraphqlHttpOptions {
  readonly schema: GraphQLSchema
  readonly context: (request: RequestContext) => RequestContext
  readonly logger: Logger
}

interface ServerContext {
  readonly caller: RequestContext
}

/** Answers one verified GraphQL request (https://graphql.github.io/graphql-over-http/). */
export type AnswerGraphql = (
  request: FastifyRequest,
  reply: FastifyReply,
  caller: RequestContext,
) => Promise<FastifyReply>

export function createGraphqlHttp({ schema, context, logger }: GraphqlHttpOptions): AnswerGraphql {
  const yoga = createYoga<{ caller: RequestContext }>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    graphiql: false,
    batching: false,
    logging: false,
    cors: false,
    context: ({ caller }) => context(caller),
    // Errors are made public below, where the id of their request is known.
    maskedErrors: false,
    plugins: [publicErrors(logger), subscriptionsElsewhere],
  })
  return async (request, reply, caller) => {
    requireObject(request.body)
    const response = await yoga.handleNodeRequestAndResponse(request, reply, { caller })
    for (const [key, value] of response.headers) reply.header(key, value)
    return reply.status(response.status).send(await response.text())
  }
}

/** @throws AppError INVALID_INPUT */
function requireObject(body: unknown): void {
  if (typeof body === 'object' && body !== null && 'query' in body && !Array.isArray(body)) return
  throw new AppError('INVALID_INPUT', 'send one JSON object with a "query"')
}

function publicErrors(logger: Logger): Plugin<object, ServerContext> {
  return {
    onExecutionResult: (done) => {
      const { result, context } = done
      if (result === undefined || Array.isArray(result) || Symbol.asyncIterator in result) return
      if (result.errors === undefined) return
      const { requestId } = context.caller.tenant
      const errors = result.errors.map((error) => publicError(error, requestId, logger))
      done.setResult({ ...result, errors: wasRun(result) ? errors : errors.map(withStatus) })
    },
  }
}

function wasRun(result: ExecutionResult): boolean {
  return 'data' in result
}

/**
 * The status of a request that was not run. `spec` keeps it to application/graphql-response+json:
 * an answer of type application/json is a 200 whatever it says. Yoga leaves `http` out of the body.
 */
function withStatus(error: GraphQLError): GraphQLError {
  error.extensions['http'] = { status: toAppError(error.originalError).status, spec: true }
  return error
}

const subscriptionsElsewhere: Plugin = {
  onSubscribe: ({ setResultAndStopExecution }) => {
    const originalError = new AppError('INVALID_INPUT', 'subscribe over WebSocket instead')
    const error = new GraphQLError(originalError.message, { originalError })
    setResultAndStopExecution({ errors: [error] })
  },
}
