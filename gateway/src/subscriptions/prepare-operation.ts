import {
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import type { ErrorCode } from '@heirloom/errors'
import { BoundedCache } from '../federation/compiled/bounded-cache.js'
import { maxTokens } from '../guard/operation-limits.js'

const maxKnownDocuments = 1_000
const maxKnownLength = 20_000

export type PrepareOperation = (
  schema: GraphQLSchema,
  payload: Pick<SubscribePayload, 'query' | 'operationName'>,
) => DocumentNode | readonly GraphQLError[]

/**
 * Parses and validates what a client wants to run; what is wrong with it is coded and returned.
 * Documents that many clients send are made once, and shared by all.
 */
export function createPrepareOperation(limits: readonly ValidationRule[]): PrepareOperation {
  const rules = [...specifiedRules, ...limits]
  let validFor: GraphQLSchema | undefined
  let known = new BoundedCache<DocumentNode>(maxKnownDocuments)

  function valid(schema: GraphQLSchema, query: string): DocumentNode | readonly GraphQLError[] {
    if (schema !== validFor) known = new BoundedCache(maxKnownDocuments)
    validFor = schema
    const found = known.get(query)
    if (found !== undefined) return found
    const document = parsed(query)
    if (document instanceof GraphQLError) return [document]
    const invalid = validate(schema, document, rules)
    if (invalid.length > 0) return invalid.map(asValidationError)
    if (query.length <= maxKnownLength) known.set(query, document)
    return document
  }

  return (schema, { query, operationName }) => {
    const document = valid(schema, query)
    if (!('kind' in document) || getOperationAST(document, operationName) !== null) return document
    return [refusal('INVALID_INPUT', 'name the operation of the document that is to run')]
  }
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
