import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql'
import { AppError } from '@heirloom/errors'

const maxKept = 500
const maxKeptLength = 16_384
/** A document of millions of tokens would be one long task for nothing. */
const maxTokens = 50_000

/**
 * Parses and validates, and remembers the documents used last: a thousand clients that come back
 * after a deploy ask with the same few texts. @throws AppError GRAPHQL_PARSE_FAILED,
 * GRAPHQL_VALIDATION_FAILED
 */
export function createDocuments(schema: GraphQLSchema): (query: string) => DocumentNode {
  const kept = new Map<string, DocumentNode>()
  return (query) => {
    const document = kept.get(query) ?? checked(schema, query)
    if (query.length > maxKeptLength) return document
    // A map keeps the order of insertion: the first one is the one that was not used for longest.
    kept.delete(query)
    kept.set(query, document)
    if (kept.size > maxKept) kept.delete(kept.keys().next().value ?? query)
    return document
  }
}

function checked(schema: GraphQLSchema, query: string): DocumentNode {
  const document = parsed(query)
  const [fault] = validate(schema, document)
  if (fault === undefined) return document
  throw new AppError('GRAPHQL_VALIDATION_FAILED', fault.message, { cause: fault })
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'the query cannot be parsed'
    throw new AppError('GRAPHQL_PARSE_FAILED', reason, { cause })
  }
}
