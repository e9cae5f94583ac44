import { PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds } from '@heirloom/tenancy'
import type { ObjectStore } from '../domain/ports.js'
import { digestOf, picture, sendBytes } from '../testing/operations.js'
import { createS3ObjectStore, type S3Options } from './s3-object-store.js'

const newId = createIds()
export const newKey = () => `tenant/test/media/${newId()}`

export const pictureAt = (key: string) => ({
  key,
  contentType: 'image/jpeg',
  sizeBytes: picture.byteLength,
  sha256: digestOf(picture),
})

export interface S3Server {
  readonly options: S3Options
  close(): Promise<void>
}

/** Holds for every server that speaks S3. */
export function objectStoreContract(startServer: () => Promise<S3Server>): void {
  let server: S3Server
  let objects: ObjectStore & { close(): void }
  beforeAll(async () => {
    server = await startServer()
    objects = createS3ObjectStore(server.options)
  })
  afterAll(async () => {
    objects.close()
    await server.close()
  })

  it('takes the announced bytes, and knows their size and digest', async () => {
    const object = pictureAt(newKey())
    expect((await sendBytes(await objects.presignUpload(object), picture)).status).toBe(200)
    expect(await objects.inspect(object.key, picture.byteLength)).toEqual({
      sizeBytes: picture.byteLength,
      sha256: digestOf(picture),
    })
  })

  it('finds the digest of what was stored without one', async () => {
    const key = newKey()
    const client = new S3Client(clientConfig(server.options))
    await client.send(
      new PutObjectCommand({ Bucket: server.options.bucket, Key: key, Body: picture }),
    )
    client.destroy()
    expect(await objects.inspect(key, picture.byteLength)).toEqual({
      sizeBytes: picture.byteLength,
      sha256: digestOf(picture),
    })
  })

  it('reads no more than it was asked to', async () => {
    const object = pictureAt(newKey())
    await sendBytes(await objects.presignUpload(object), picture)
    expect(await objects.inspect(object.key, 10)).toEqual({
      sizeBytes: picture.byteLength,
      sha256: null,
    })
  })

  it('knows that nothing is there', async () => {
    expect(await objects.inspect(newKey(), 10)).toBeNull()
  })

  it('hands out what was stored, under its name and its type', async () => {
    const object = pictureAt(newKey())
    await sendBytes(await objects.presignUpload(object), picture)
    const fileName = 'Großmutter "1894".jpg'
    const download = await fetch(await objects.presignDownload({ ...object, fileName }))
    expect(Buffer.from(await download.arrayBuffer())).toEqual(picture)
    expect(download.headers.get('content-type')).toBe('image/jpeg')
  })
}

export function clientConfig({ region, endpoint, credentials }: S3Options): S3ClientConfig {
  return {
    region,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
  }
}
