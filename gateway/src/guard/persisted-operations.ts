import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { getOperationAST, GraphQLError, Kind, parse, print, type DocumentNode } from 'graphql'
import { AppError } from '@heirloom/errors'
import { BoundedCache } from '../federation/compiled/bounded-cache.js'
import { isObject } from '../federation/json.js'
import { maxTokens } from './operation-limits.js'
import { onlyOperation } from './only-operation.js'

// Persisted operations: a client sends the SHA-256 of a document, and the document itself only when
// it is asked for it (https://www.apollographql.com/docs/apollo-server/performance/apq). A hash
// names a text and nothing else: who sends it runs the text as themselves, with variables of their
// own, so it does not matter who sent the text first.

/**
 * off: hashes are not understood. automatic: clients register texts by sending them once. listed:
 * what is not in the list does not run.
 */
export type PersistedMode = 'automatic' | 'listed' | 'off'

export interface PersistedOptions {
  readonly mode: PersistedMode
  /** Documents by the ids that clients name them by. */
  readonly list: ReadonlyMap<string, string>
}

export interface PersistedOperations {
  /** The text that was asked for, or why there is none. */
  resolve(query: string | undefined, persisted: PersistedQuery): string | GraphQLError
  /** Remembers a text, once it has been found valid. */
  register(text: string, persisted: PersistedQuery): void
  /** Whether a document may run. */
  allows(document: DocumentNode): boolean
}

export interface PersistedQuery {
  readonly version: unknown
  readonly sha256Hash: unknown
}

/** Of each process: what is forgotten is sent once more. */
const maxTexts = 1_000
const maxTextLength = 100_000
const supportedVersion = 1

/** What a request says of it; undefined when it says nothing. */
export function persistedQueryIn(extensions: unknown): PersistedQuery | undefined {
  const persisted = isObject(extensions) ? extensions['persistedQuery'] : undefined
  if (!isObject(persisted)) return undefined
  return { version: persisted['version'], sha256Hash: persisted['sha256Hash'] }
}

export function createPersistedOperations({ mode, list }: PersistedOptions): PersistedOperations {
  const registered = new BoundedCache<string>(maxTexts)
  const allowed = mode === 'listed' ? normalForms(list.values()) : undefined

  return {
    resolve: (query, { version, sha256Hash: hash }) => {
      if (mode === 'off') {
        return refused('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')
      }
      if (version !== supportedVersion || typeof hash !== 'string') {
        return refused('INVALID_INPUT', 'persistedQuery takes version 1 and a sha256Hash')
      }
      if (query === undefined) {
        const found = list.get(hash) ?? registered.get(hash)
        if (found !== undefined) return found
        return mode === 'listed'
          ? notListed()
          : refused('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound')
      }
      if (list.get(hash) === query || sha256(query) === hash) return query
      return refused('INVALID_INPUT', 'the sha256Hash is not that of the query')
    },
    register: (text, { sha256Hash }) => {
      const isKept = mode === 'automatic' && text.length <= maxTextLength
      if (isKept && typeof sha256Hash === 'string') registered.set(sha256Hash, text)
    },
    allows: (document) => allowed === undefined || allowed.has(print(document)),
  }
}

export function notListed(): GraphQLError {
  return refused('OPERATION_NOT_LISTED', 'only operations that are listed run here')
}

/**
 * Reads a list of documents: a manifest of Apollo's (generate-persisted-query-manifest), or an
 * object with the document of each id, as Relay and GraphQL Code Generator write it.
 * @throws AppError INVALID_INPUT that names the file
 */
export function readOperationList(file: string): ReadonlyMap<string, string> {
  try {
    const list = entriesIn(JSON.parse(readFileSync(file, 'utf8')))
    for (const [, text] of list) parse(text, { maxTokens, noLocation: true })
    return new Map(list)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('INVALID_INPUT', `${file} is no list of operations: ${reason}`, { cause })
  }
}

function entriesIn(content: unknown): readonly (readonly [string, string])[] {
  if (!isObject(content)) throw new Error('it must be a JSON object')
  const { operations } = content
  if (!Array.isArray(operations)) {
    return Object.entries(content).map(([id, text]) => entry(id, text))
  }
  return operations.map((each: unknown) => {
    const { id, body } = isObject(each) ? each : {}
    return entry(id, body)
  })
}

function entry(id: unknown, text: unknown): readonly [string, string] {
  if (typeof id === 'string' && typeof text === 'string') return [id, text]
  throw new Error('each operation has an id and a text')
}

/** Of each document, and of each of its operations alone, however they are laid out. */
function normalForms(texts: Iterable<string>): ReadonlySet<string> {
  const forms = new Set<string>()
  for (const text of texts) {
    const document = parse(text, { maxTokens, noLocation: true })
    forms.add(print(document))
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue
      const operation = getOperationAST(document, definition.name?.value)
      if (operation) forms.add(print(onlyOperation(document, operation)))
    }
  }
  return forms
}

function refused(
  code:
    | 'INVALID_INPUT'
    | 'OPERATION_NOT_LISTED'
    | 'PERSISTED_QUERY_NOT_FOUND'
    | 'PERSISTED_QUERY_NOT_SUPPORTED',
  message: string,
): GraphQLError {
  return new GraphQLError(message, { extensions: { code } })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
