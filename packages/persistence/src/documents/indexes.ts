import { AppError } from '@heirloom/errors'
import type { Order } from '../ports/document-store.js'
import { hash128 } from './ids.js'
import { parseShape } from './names.js'

/** A composite index over the documents of all collections of one shape. */
export interface IndexDefinition {
  readonly shape: string
  readonly fields: readonly Order[]
}

/** As `storage` configuration declares it: `{ collection: 'people/*' + '/letters', fields: […] }`. */
export interface DeclaredIndex {
  readonly collection: string
  readonly fields: readonly Order[]
}

/** A row of a B-tree in Postgres takes a third of a page: these two keep every index below it. */
export const maxIndexFields = 4
export const maxIndexedTextBytes = 400

// Digits first would address the elements of arrays; anything else would need quoting somewhere.
const fieldPattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,7}$/

/** @throws AppError INVALID_INPUT */
export function checkField(field: unknown): asserts field is string {
  if (typeof field === 'string' && fieldPattern.test(field)) return
  throw new AppError(
    'INVALID_INPUT',
    'a field of a query is a name, or up to 8 names joined by dots, of letters, digits and _',
  )
}

/** @throws AppError INVALID_INPUT */
export function parseIndexes(declared: readonly DeclaredIndex[]): readonly IndexDefinition[] {
  return declared.map(({ collection, fields }) => {
    for (const { field } of fields) checkField(field)
    const names = new Set(fields.map(({ field }) => field))
    if (fields.length === 0 || fields.length > maxIndexFields || names.size < fields.length) {
      throw new AppError('INVALID_INPUT', `an index has 1 to ${maxIndexFields} different fields`)
    }
    return { shape: parseShape(collection), fields }
  })
}

/** The same definition has the same name everywhere, and at most 63 bytes, which Postgres allows. */
export function indexName({ shape, fields }: IndexDefinition): string {
  const order = fields.map(({ field, direction }) => `${field} ${direction}`)
  const readable = [shape, ...order].join('_').replaceAll(/\W+/g, '_').slice(0, 46).toLowerCase()
  return `doc_${readable}_${hash128(JSON.stringify([shape, order])).slice(0, 12)}`
}

/** What the query cannot do without, in words and as the backend's own statement. */
export function indexRequired({ shape, fields }: IndexDefinition, create: string): AppError {
  const name = indexName({ shape, fields })
  const order = fields.map(({ field, direction }) => `${field} ${direction}`).join(', ')
  return new AppError(
    'INDEX_REQUIRED',
    `this query needs the index ${name} on ${shape} (${order}); declare it for the collection`,
    { details: { index: { name, collection: shape, fields }, create } },
  )
}

/** The first of the wanted definitions that is there. @throws AppError INDEX_REQUIRED */
export function chooseIndex(
  wanted: readonly IndexDefinition[],
  existing: ReadonlySet<string>,
  create: (definition: IndexDefinition) => string,
): IndexDefinition {
  const found = wanted.find((definition) => existing.has(indexName(definition)))
  if (found !== undefined) return found
  const best = wanted.at(-1)
  if (best === undefined) throw new AppError('INTERNAL', 'a query that filters has no plan')
  throw indexRequired(best, create(best))
}
