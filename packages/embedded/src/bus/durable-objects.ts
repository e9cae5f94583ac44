import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDurableMap } from '../durable-map.js'
import type { S3Object, S3Store } from './fauxqs.js'

/*
 * The emulator keeps objects in memory. Here every body goes to a file of its own and is read
 * from there when it is asked for, and what is known about it goes into a durable map: the body
 * first, the entry second, so that an entry never points at nothing. Uploads in parts are kept
 * when they are completed, not before.
 */

interface StoredObject extends Omit<S3Object, 'body' | 'lastModified'> {
  readonly bucket: string
  readonly file: string
  readonly lastModifiedMs: number
}

export interface DurableObjects {
  close(): void
}

/** Brings back what an earlier process kept in `folder`, then keeps what comes. */
export function makeObjectsDurable(store: S3Store, folder: string): DurableObjects {
  const bodies = join(folder, 'bodies')
  mkdirSync(bodies, { recursive: true, mode: 0o700 })
  const objects = openDurableMap<StoredObject>(join(folder, 'objects.jsonl'))
  removeStrayBodies(bodies, new Set(objects.entries().map(([, { file }]) => file)))
  for (const [, stored] of objects.entries()) {
    store.createBucket(stored.bucket)
    const { key, contentType, metadata } = stored
    const object = store.putObject(stored.bucket, key, Buffer.alloc(0), contentType, metadata)
    object.etag = stored.etag
    object.contentLength = stored.contentLength
    object.lastModified = new Date(stored.lastModifiedMs)
    readBodyFrom(object, join(bodies, stored.file))
  }

  function keep(bucket: string, object: S3Object): S3Object {
    const id = idOf(bucket, object.key)
    const previous = objects.get(id)
    const file = randomUUID()
    writeFileSync(join(bodies, file), object.body, { mode: 0o600 })
    const { key, contentType, contentLength, etag, metadata } = object
    const lastModifiedMs = object.lastModified.getTime()
    objects.set(id, {
      bucket,
      key,
      contentType,
      contentLength,
      etag,
      metadata,
      file,
      lastModifiedMs,
    })
    if (previous !== undefined) rmSync(join(bodies, previous.file), { force: true })
    readBodyFrom(object, join(bodies, file))
    return object
  }

  const putObject = store.putObject.bind(store)
  store.putObject = (bucket, ...args) => keep(bucket, putObject(bucket, ...args))
  const createUpload = store.createMultipartUpload.bind(store)
  const bucketOfUpload = new Map<string, string>()
  store.createMultipartUpload = (bucket, ...args) => {
    const uploadId = createUpload(bucket, ...args)
    bucketOfUpload.set(uploadId, bucket)
    return uploadId
  }
  const completeUpload = store.completeMultipartUpload.bind(store)
  store.completeMultipartUpload = (uploadId, parts) => {
    const object = completeUpload(uploadId, parts)
    const bucket = bucketOfUpload.get(uploadId)
    bucketOfUpload.delete(uploadId)
    return bucket === undefined ? object : keep(bucket, object)
  }
  const deleteObject = store.deleteObject.bind(store)
  store.deleteObject = (bucket, key) => {
    deleteObject(bucket, key)
    const stored = objects.get(idOf(bucket, key))
    if (stored === undefined) return
    objects.delete(idOf(bucket, key))
    rmSync(join(bodies, stored.file), { force: true })
  }

  return { close: () => objects.close() }
}

/** Bucket names have no slash, so no two objects share an id. */
function idOf(bucket: string, key: string): string {
  return `${bucket}/${key}`
}

function readBodyFrom(object: S3Object, path: string): void {
  Object.defineProperty(object, 'body', { get: () => readFileSync(path), configurable: true })
}

// A process that was killed between writing a body and its entry leaves the body behind.
function removeStrayBodies(folder: string, known: ReadonlySet<string>): void {
  for (const file of readdirSync(folder)) if (!known.has(file)) rmSync(join(folder, file))
}
