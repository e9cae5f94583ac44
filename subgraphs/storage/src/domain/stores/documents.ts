import { hasCode } from '@heirloom/errors'
import type { Document, DocumentEvent, DocumentStore } from '@heirloom/persistence'
import type { Stores } from './stores.js'

/** A document with the name of the database that it was asked from. */
export interface PlacedDocument extends Document {
  readonly database: string
}

export interface PlacedDocumentEvent extends Omit<DocumentEvent, 'document' | 'resumeToken'> {
  readonly cursor: string
  readonly document: PlacedDocument | null
}

/** The document was not as expected; `current` is what is there now. */
export interface DocumentChanged {
  readonly changed: true
  readonly current: PlacedDocument | null
}

export function placedDocument(database: string, document: Document): PlacedDocument {
  return { ...document, database }
}

/**
 * Writes, and tells of a conflict as a result.
 * @throws AppError FORBIDDEN, DATABASE_UNKNOWN, NOT_FOUND, INVALID_INPUT, PAYLOAD_TOO_LARGE
 */
export async function writeDocument<T>(
  stores: Stores,
  { database, path }: { readonly database: string; readonly path: string },
  write: (store: DocumentStore) => Promise<T>,
): Promise<T | DocumentChanged> {
  const store = stores.documents()
  try {
    return await write(store)
  } catch (error) {
    if (!hasCode(error, 'CONFLICT')) throw error
    const current = await store.get(database, path)
    return { changed: true, current: current === null ? null : placedDocument(database, current) }
  }
}

/**
 * Changes of documents from a cursor, or from now; `onStart` is told where that was. Ends, and lets
 * go of the backend, when it is returned.
 * @throws AppError FORBIDDEN, DATABASE_UNKNOWN, CURSOR_INVALID, CURSOR_EXPIRED, CURSOR_AHEAD
 */
export async function watchDocuments(
  stores: Stores,
  watched: {
    readonly database: string
    readonly collection: string | null
    readonly after: string | null
  },
  onStart: (cursor: string) => void,
): Promise<AsyncIterableIterator<PlacedDocumentEvent>> {
  const { database, collection, after } = watched
  const ended = new AbortController()
  const watch = await stores.documents().watch(database, {
    ...(collection === null ? {} : { collection }),
    ...(after === null ? {} : { resumeToken: after }),
    signal: ended.signal,
  })
  if (after === null) onStart(watch.position)
  return placedEvents(watch, database, ended)
}

function placedEvents(
  watch: AsyncIterable<DocumentEvent>,
  database: string,
  ended: AbortController,
): AsyncIterableIterator<PlacedDocumentEvent> {
  const events = watch[Symbol.asyncIterator]()
  return {
    next: async () => {
      const result = await events.next()
      if (result.done === true) return { done: true, value: undefined }
      return { done: false, value: placedEvent(database, result.value) }
    },
    // Not left to the watch alone: aborting wakes it while it waits for the next change.
    return: async () => {
      ended.abort()
      await events.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function placedEvent(database: string, event: DocumentEvent): PlacedDocumentEvent {
  const { document, resumeToken, ...rest } = event
  return {
    ...rest,
    cursor: resumeToken,
    document: document === null ? null : placedDocument(database, document),
  }
}
