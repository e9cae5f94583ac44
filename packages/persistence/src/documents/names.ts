import { AppError } from '@heirloom/errors'

/** A document's place, taken apart once. */
export interface DocumentPath {
  readonly fullpath: string
  readonly collection: string
  /** The document that the collection belongs to; empty at the top. */
  readonly parent: string
  readonly documentId: string
  /** The collection with `*` for every document on the way: what indexes are declared for. */
  readonly shape: string
}

const databasePattern = /^[a-z][a-z0-9_-]{0,62}$/
const collectionPattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/
// Control characters and NUL show in no log; half a surrogate pair has no UTF-8; `/` separates.
const documentIdPattern = /^[^/\p{Cc}\p{Surrogate}]+$/u
const maxDocumentIdBytes = 256
const maxPathBytes = 1_024

export function isDatabaseName(name: string): boolean {
  return databasePattern.test(name)
}

/** @throws AppError INVALID_INPUT */
export function parseDocumentPath(path: string): DocumentPath {
  const segments = splitPath(path)
  if (segments.length % 2 !== 0) {
    throw new AppError('INVALID_INPUT', 'a document is at collection/id, or deeper by two segments')
  }
  const collection = segments.slice(0, -1).join('/')
  return {
    fullpath: path,
    collection,
    parent: segments.slice(0, -2).join('/'),
    documentId: segments.at(-1) ?? '',
    shape: shapeOf(segments.slice(0, -1)),
  }
}

/** The collection's shape. @throws AppError INVALID_INPUT */
export function parseCollection(collection: string): string {
  const segments = splitPath(collection)
  if (segments.length % 2 !== 1) {
    throw new AppError('INVALID_INPUT', 'a collection is at name, or at collection/id/name')
  }
  return shapeOf(segments)
}

/** For declared indexes: `people`, `people/*` + `/letters`. @throws AppError INVALID_INPUT */
export function parseShape(shape: string): string {
  const segments = shape.split('/')
  const good = segments.every((segment, index) =>
    index % 2 === 0 ? collectionPattern.test(segment) : segment === '*',
  )
  if (!good || segments.length % 2 !== 1) {
    throw new AppError(
      'INVALID_INPUT',
      'an index is declared for a collection, with * for the ids in it',
    )
  }
  return shape
}

function shapeOf(segments: readonly string[]): string {
  return segments.map((segment, index) => (index % 2 === 0 ? segment : '*')).join('/')
}

function splitPath(path: string): readonly string[] {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new AppError('INVALID_INPUT', `a path has at most ${maxPathBytes} bytes`)
  }
  const segments = path.split('/')
  segments.forEach((segment, index) => {
    if (index % 2 === 0 ? collectionPattern.test(segment) : isDocumentId(segment)) return
    throw new AppError(
      'INVALID_INPUT',
      index % 2 === 0
        ? 'the name of a collection has letters, digits, _ and -, and begins with no digit'
        : `the id of a document has 1 to ${maxDocumentIdBytes} bytes without control characters`,
    )
  })
  return segments
}

function isDocumentId(segment: string): boolean {
  return documentIdPattern.test(segment) && Buffer.byteLength(segment) <= maxDocumentIdBytes
}
