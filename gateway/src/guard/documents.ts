import { createHash } from 'node:crypto'
import {
  getOperationAST,
  GraphQLError,
  parse,
  print,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { ErrorCode } from '@heirloom/errors'
import { BoundedCache } from '../federation/compiled/bounded-cache.js'
import type { OperationPolicy } from '../federation/operation-policy.js'
import { amountFor, type Values } from './cost/amount.js'
import { estimate, type Estimate } from './cost/estimate.js'
import { readPrices } from './cost/prices.js'
import { fragmentsOf, onlyOperation } from './only-operation.js'
import { exceededLimits, maxTokens, tooComplex } from './operation-limits.js'
import { notListed, persistedQueryIn } from './persisted-operations.js'

/** An operation that is valid and within the limits that do not depend on variables. */
export interface ReadOperation {
  /** The same for each text that means this operation. */
  readonly id: string
  /** Its normal form. */
  readonly text: string
  readonly definition: OperationDefinitionNode
  /** The client's document with nothing in it but this operation. */
  readonly document: DocumentNode
  /** @param variables coerced, with defaults */
  readonly priced: (variables: Values) => Priced
}

export interface Priced {
  readonly cost: number
  /** Why it may not run. */
  readonly refusal: GraphQLError | undefined
}

export interface Documents {
  /** The operation that a text asks for, or what is wrong with it, coded. */
  read(asked: AskedDocument): ReadOperation | readonly GraphQLError[]
}

/** What of a request says which operation it means. */
export interface AskedDocument {
  /** May be missing where `extensions` names a persisted one. */
  readonly query?: string | undefined
  readonly operationName?: string | null | undefined
  readonly extensions?: unknown
}

export interface DocumentsDeps {
  /** What clients see. */
  readonly apiSchema: GraphQLSchema
  /** The same, with what composition wrote beside it. */
  readonly schema: GraphQLSchema
  readonly policy: Omit<OperationPolicy, 'formatErrors'>
}

const maxTexts = 2_000
/** A longer text is read, but not remembered. */
const maxTextLength = 16_384

/**
 * Reads what clients send, each text once: parses, measures, validates and prices it, the cheapest
 * first. What is invalid is not remembered, so that nonsense cannot push out what is in use.
 */
export function createDocuments({ apiSchema, schema, policy }: DocumentsDeps): Documents {
  const known = new BoundedCache<ReadOperation>(maxTexts)
  const rules = [...specifiedRules, ...policy.rules]
  const pricing = {
    schema: apiSchema,
    prices: readPrices(schema),
    defaultListSize: policy.costs.defaultListSize,
  }

  function readNew(query: string, name: string): ReadOperation | readonly GraphQLError[] {
    const whole = parsed(query, true)
    if (whole instanceof GraphQLError) return [whole]
    if (!policy.persisted.allows(whole)) return [notListed()]
    const tooLarge = exceededLimits(whole, policy.limits)
    if (tooLarge.length > 0) return tooLarge
    if (validate(apiSchema, whole, rules).length > 0) return invalid(query)
    const definition = getOperationAST(whole, name === '' ? undefined : name)
    if (definition === null || definition === undefined) {
      return [refusal('INVALID_INPUT', 'name the operation of the document that is to run')]
    }
    const fragments = fragmentsOf(whole)
    const document = onlyOperation(whole, definition)
    const estimated = estimate(definition, fragments, pricing)
    if (estimated.errors.length > 0) return estimated.errors.map(asValidationError)
    const text = print(document)
    const id = createHash('sha256').update(text).digest('hex')
    return { id, text, definition, document, priced: pricer(estimated, policy.costs) }
  }

  /** Once more, with the places: only whoever made a mistake pays for them. */
  function invalid(query: string): readonly GraphQLError[] {
    const located = parsed(query, false)
    if (located instanceof GraphQLError) return [located]
    return validate(apiSchema, located, rules).map(asValidationError)
  }

  function readText(query: string, name: string): ReadOperation | readonly GraphQLError[] {
    const text = name === '' ? query : `${name}\n${query}`
    const found = known.get(text)
    if (found !== undefined) return found
    const made = readNew(query, name)
    if ('id' in made && text.length <= maxTextLength) known.set(text, made)
    return made
  }

  return {
    read: ({ query, operationName, extensions }) => {
      const name = operationName ?? ''
      const persisted = extensions ? persistedQueryIn(extensions) : undefined
      if (persisted === undefined) return readText(query ?? '', name)
      const text = policy.persisted.resolve(query === '' ? undefined : query, persisted)
      if (typeof text !== 'string') return [text]
      const read = readText(text, name)
      if ('id' in read && query) policy.persisted.register(text, persisted)
      return read
    },
  }
}

export function refusal(code: ErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function pricer(
  { cost, slices }: Estimate,
  { maxCost, maxListSize }: OperationPolicy['costs'],
): ReadOperation['priced'] {
  const price = (variables: Values): Priced => {
    const total = amountFor(cost, variables)
    const longest = slices.reduce(
      (most, { length }) => Math.max(most, amountFor(length, variables)),
      0,
    )
    if (maxListSize > 0 && longest > maxListSize) {
      return { cost: total, refusal: tooComplex('list_size', longest, maxListSize) }
    }
    const isDear = maxCost > 0 && total > maxCost
    return { cost: total, refusal: isDear ? tooComplex('cost', total, maxCost) : undefined }
  }
  const isFixed = [cost, ...slices.map(({ length }) => length)].every(
    (amount) => typeof amount === 'number',
  )
  if (!isFixed) return price
  const once = price({})
  return () => once
}

function parsed(query: string, noLocation: boolean): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxTokens, noLocation })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const isLong = error.message.includes(tooManyTokens)
    return coded(error, isLong ? 'QUERY_TOO_COMPLEX' : 'GRAPHQL_PARSE_FAILED')
  }
}

const tooManyTokens = 'Document contains more that'

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
