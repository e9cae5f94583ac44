import { ApolloServer, type GraphQLRequestListener } from '@apollo/server'
import { ApolloGateway } from '@apollo/gateway'
import {
  GraphQLError,
  OperationTypeNode,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
} from 'graphql'
import type { Logger } from '@heirloom/telemetry'
import { maxTokens } from '../guard/operation-limits.js'
import type { AskedDocument } from '../guard/documents.js'
import type { Charged, Taken } from '../guard/rate-limits.js'
import { createDataSource, type GatewayContext } from './data-source.js'
import { defaultPolicy, type OperationPolicy } from './operation-policy.js'
import type { Caller, FetchSubgraph } from './subgraph-request.js'
import type { Supergraph } from './supergraph.js'

export interface OperationRequest extends AskedDocument {
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  /** Told of the operation before anything is sent for it. @throws AppError that is answered */
  readonly charge?: ((operation: Charged) => Taken) | undefined
}

export interface OperationResult {
  /** 400 when the operation was refused before it ran. */
  readonly status: number
  readonly result: FormattedExecutionResult
}

/** The same, with the result as the JSON text that is sent. */
export interface OperationText {
  readonly status: number
  readonly body: string
}

/** One operation, and what it was asked with of all that decides what it selects. */
export interface OperationInUse {
  readonly query: string
  readonly variants: readonly Readonly<Record<string, boolean>>[]
}

/** Queries and mutations, over whichever transport they came. */
export interface Operations {
  respond(operation: OperationRequest, caller: Caller): Promise<OperationText>
  run(operation: OperationRequest, caller: Caller): Promise<OperationResult>
  /** What is kept ready, so that the operations of another supergraph can be made ready for it. */
  inUse(): readonly OperationInUse[]
  /** Makes ready what was in use elsewhere, in steps that let other work pass. Never rejects. */
  warm(operations: readonly OperationInUse[]): Promise<void>
  close(): Promise<void>
}

/** Apollo Server in front of Apollo's gateway, over our own subgraph client. */
export async function createOperations(
  supergraph: Supergraph,
  fetchSubgraph: FetchSubgraph,
  logger: Logger,
  { rules, formatErrors }: Pick<OperationPolicy, 'rules' | 'formatErrors'> = defaultPolicy,
): Promise<Operations> {
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph.sdl,
    validateSupergraph: false,
    buildService: ({ name }) => createDataSource(name, fetchSubgraph),
    logger: quiet(logger),
  })
  const apollo = new ApolloServer<GatewayContext>({
    gateway,
    logger: quiet(logger),
    introspection: true,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens },
    validationRules: [...rules],
    plugins: [{ requestDidStart: () => Promise.resolve(refuseWhatCannotRun) }],
    // The original goes through: it is formatted below, where the request is known.
    formatError: (_formatted, error) => ({ message: '', extensions: { error } }),
  })
  await apollo.start()

  const operations: Operations = {
    respond: async (operation, caller) => {
      const { status, result } = await operations.run(operation, caller)
      return { status, body: JSON.stringify(result) }
    },
    run: async ({ query, operationName, variables }, caller) => {
      const response = await apollo.executeOperation(
        {
          query,
          ...(typeof operationName === 'string' ? { operationName } : {}),
          variables: { ...variables },
        },
        { contextValue: { caller } },
      )
      if (response.body.kind !== 'single') throw new Error('unreachable: nothing is deferred')
      const { data, errors, extensions } = response.body.singleResult
      const format = formatErrors(caller.requestId, logger)
      const reported = errors?.map((error) => format(error.extensions?.['error']))
      return {
        status: response.http.status ?? 200,
        result: withMissingValues({
          ...(reported === undefined ? {} : { errors: reported }),
          ...(data === undefined ? {} : { data }),
          ...(extensions === undefined ? {} : { extensions: { ...extensions } }),
        }),
      }

      /**
       * Apollo's executor files a null where the schema promises a value under `extensions`,
       * which clients do not read. When nothing else is left of the result, it has to be said.
       */
      function withMissingValues(result: FormattedExecutionResult): FormattedExecutionResult {
        const { valueCompletion, ...others } = result.extensions ?? {}
        const { extensions: _dropped, ...rest } = result
        const missing = Array.isArray(valueCompletion) ? (valueCompletion as GraphQLError[]) : []
        const say = rest.errors === undefined && rest.data === null && missing.length > 0
        return {
          ...(say ? { errors: missing.map(missingValue) } : {}),
          ...rest,
          ...(Object.keys(others).length === 0 ? {} : { extensions: others }),
        }
      }

      function missingValue({ message, path }: GraphQLError): GraphQLFormattedError {
        return format(new GraphQLError(message, { path, extensions: { code: 'NOT_FOUND' } }))
      }
    },
    // Apollo keeps its plans to itself.
    inUse: () => [],
    warm: () => Promise.resolve(),
    close: () => apollo.stop(),
  }
  return operations
}

const refuseWhatCannotRun: GraphQLRequestListener<GatewayContext> = {
  didResolveOperation: ({ operation }) => {
    if (operation === undefined) {
      throw badRequest('name the operation of the document that is to run')
    }
    if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
      throw badRequest('subscriptions run over WebSocket, at the same path')
    }
    return Promise.resolve()
  },
}

function badRequest(message: string): GraphQLError {
  const http = { status: 400 }
  return new GraphQLError(message, { extensions: { code: 'INVALID_INPUT', http } })
}

/** Apollo announces itself at info; that is debug to us. */
function quiet(logger: Logger): Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> {
  return {
    debug: (message: unknown) => logger.trace(String(message)),
    info: (message: unknown) => logger.debug(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown) => logger.error(String(message)),
  }
}
