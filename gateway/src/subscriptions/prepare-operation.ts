import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import type { ErrorCode } from '@heirloom/errors'
import { maxTokens, operationLimits } from '../guard/operation-limits.js'

/** Parses and validates what a client wants to run; what is wrong with it is coded and returned. */
export function prepareOperation(
  schema: GraphQLSchema,
  { query, operationName }: SubscribePayload,
): DocumentNode | readonly GraphQLError[] {
  const document = parsed(query)
  if (document instanceof GraphQLError) return [document]
  const invalid = validate(schema, document, [...specifiedRules, ...operationLimits])
  if (invalid.length > 0) return invalid.map(asValidationError)
  if (getOperationAST(document, operationName) !== null) return document
  return [refusal('INVALID_INPUT', 'name the operation of the document that is to run')]
}

export function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    return coded(error, 'GRAPHQL_PARSE_FAILED')
  }
}

/** Our own rules have said their code already. */
function asValidationError(error: GraphQLError): GraphQLError {
  return error.extensions['code'] === undefined ? coded(error, 'GRAPHQL_VALIDATION_FAILED') : error
}

function coded(error: GraphQLError, code: ErrorCode): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes,
    source: error.source,
    positions: error.positions,
    extensions: { ...error.extensions, code },
  })
}
