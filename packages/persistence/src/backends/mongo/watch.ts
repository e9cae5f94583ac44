/**
 * A change stream over the one collection. The server filters by the prefix of `documentKey._id`,
 * which every change has, deletions too: so nothing of another tenant or database is ever sent.
 * Our writes are inserts and replacements, whose event carries the document as it was written; the
 * state before tells creations from updates, and gives deletions their path. What the ttl removes
 * is a tombstone, whose deletion was told when it was made.
 */
import type { ChangeStreamDocument, Document, ResumeToken } from 'mongodb'
import { AppError } from '@heirloom/errors'
import type { TableEvent, TableWatch, TableWatchOptions } from '../../documents/document-table.js'
import type { Scope } from '../../documents/ids.js'
import { changeType } from '../../documents/stored.js'
import type { Mongo } from './connection.js'
import { watchError } from './errors.js'
import { idPrefixPattern } from './query.js'
import { toStored, type RawDocument } from './raw.js'

const waitMs = 1_000
const batchSize = 100
const images = { fullDocument: 'required', fullDocumentBeforeChange: 'required' } as const

export async function openTableWatch(
  mongo: Mongo,
  scope: Scope,
  { collectionHash, after, signal }: TableWatchOptions,
): Promise<TableWatch> {
  const pipeline = [{ $match: guard(scope, collectionHash) }]
  const from = after === undefined ? undefined : parseToken(after)
  let position = await openPosition(mongo, pipeline, from)

  async function* events(): AsyncGenerator<TableEvent> {
    const stream = mongo.documents.watch(pipeline, {
      ...images,
      resumeAfter: position,
      maxAwaitTimeMS: waitMs,
      batchSize,
    })
    const close = (): void => void stream.close().catch(() => undefined)
    signal.addEventListener('abort', close, { once: true })
    try {
      while (!signal.aborted) {
        const change = await stream.tryNext()
        if (change === null) {
          // The server ended it, and the next call would answer at once, for ever.
          if (stream.closed) throw ended()
          position = stream.resumeToken
          continue
        }
        position = change._id
        const event = toEvent(change)
        if (event !== null) yield event
      }
    } catch (error) {
      if (!signal.aborted) throw watchError(error)
    } finally {
      signal.removeEventListener('abort', close)
      await stream.close().catch(() => undefined)
    }
  }

  return {
    get position() {
      return tokenText(position)
    },
    [Symbol.asyncIterator]: events,
  }
}

function guard(scope: Scope, collectionHash: string | undefined): Document {
  // The end of the collection concerns every watch, and carries nobody's data.
  return { $or: [{ operationType: 'invalidate' }, inScope(scope, collectionHash)] }
}

function inScope(scope: Scope, collectionHash: string | undefined): Document {
  const prefix = { 'documentKey._id': { $regex: idPrefixPattern(scope) } }
  if (collectionHash === undefined) return prefix
  return {
    ...prefix,
    $or: [
      { 'fullDocument.collection_hash': collectionHash },
      { 'fullDocumentBeforeChange.collection_hash': collectionHash },
    ],
  }
}

/** Asks the server where the stream stands now, or whether it still knows the position. */
async function openPosition(
  mongo: Mongo,
  pipeline: readonly Document[],
  from: ResumeToken,
): Promise<ResumeToken> {
  const db = mongo.client.db(mongo.documents.dbName)
  const stage = { ...images, ...(from === undefined ? {} : { resumeAfter: from }) }
  try {
    const { cursor } = await db.command(
      {
        aggregate: mongo.documents.collectionName,
        pipeline: [{ $changeStream: stage }, ...pipeline],
        cursor: { batchSize: 0 },
      },
      // A cursor's id must go back as the long that it is, even when a double could hold it.
      { promoteLongs: false },
    )
    await db.command({ killCursors: mongo.documents.collectionName, cursors: [cursor.id] })
    return from ?? cursor.postBatchResumeToken
  } catch (error) {
    throw watchError(error)
  }
}

function toEvent(change: ChangeStreamDocument<RawDocument>): TableEvent | null {
  if (change.operationType === 'invalidate') {
    throw ended()
  }
  if (
    change.operationType !== 'insert' &&
    change.operationType !== 'replace' &&
    change.operationType !== 'update' &&
    change.operationType !== 'delete'
  ) {
    return null
  }
  const before =
    change.operationType === 'insert' ? null : (change.fullDocumentBeforeChange ?? null)
  const after = change.operationType === 'delete' ? null : (change.fullDocument ?? null)
  const type = changeType(before, after)
  const raw = after ?? before
  if (type === null || raw === null) return null
  return {
    type,
    document: toStored(raw),
    at: change.wallTime ?? raw.updatedAt,
    position: tokenText(change._id),
  }
}

function ended(): AppError {
  return new AppError('CURSOR_EXPIRED', 'the collection was dropped: read the documents again')
}

function tokenText(token: ResumeToken): string {
  return (token as { readonly _data: string })._data
}

function parseToken(text: string): ResumeToken {
  if (/^[0-9A-F]{1,4096}$/.test(text)) return { _data: text }
  throw new AppError('CURSOR_INVALID', 'this resume token is malformed')
}
