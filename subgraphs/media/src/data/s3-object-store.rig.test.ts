import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds } from '@heirloom/tenancy'
import { describeWith, fixedClock } from '@heirloom/testkit'
import type { ObjectStore, PresignedRequest } from '../domain/ports.js'
import { minioRig, startMinio, type MinioServer } from '../testing/minio.js'
import { digestOf, picture, sendBytes } from '../testing/operations.js'
import { clientConfig, newKey, objectStoreContract, pictureAt } from './s3-object-store.contract.js'
import { createS3ObjectStore, type S3Options } from './s3-object-store.js'

// The embedded server takes any signature and keeps no checksums: only a server that checks
// them can show that an upload is bound to its bytes.
describeWith(minioRig, 'the object store on MinIO', () => {
  const clock = fixedClock(Date.now())
  let server: MinioServer
  let options: S3Options
  let objects: ObjectStore & { close(): void }
  beforeAll(async () => {
    server = await startMinio()
    options = { ...server.options, bucket: `heirloom-test-${createIds()().toLowerCase()}` }
    const client = new S3Client(clientConfig(options))
    await client.send(new CreateBucketCommand({ Bucket: options.bucket }))
    client.destroy()
    objects = createS3ObjectStore({ ...options, now: clock.now })
  })
  afterAll(async () => {
    objects?.close()
    await server?.stop()
  })

  objectStoreContract(async () => ({ options, close: async () => {} }))

  const without = (request: PresignedRequest, name: string): PresignedRequest => ({
    ...request,
    headers: request.headers.filter((header) => header.name !== name),
  })
  const replaced = (request: PresignedRequest, name: string, value: string) => ({
    ...request,
    headers: [...without(request, name).headers, { name, value }],
  })
  const flipped = Buffer.from(picture)
  flipped[0] = 0
  const otherChecksum = Buffer.from(digestOf(flipped), 'hex').toString('base64')

  it.each<[string, (request: PresignedRequest) => Promise<Response>]>([
    ['other bytes', (request) => sendBytes(request, flipped)],
    ['fewer bytes', (request) => sendBytes(request, picture.subarray(1))],
    ['more bytes', (request) => sendBytes(request, Buffer.concat([picture, picture]))],
    ['no checksum', (request) => sendBytes(without(request, 'x-amz-checksum-sha256'), picture)],
    [
      'other bytes and their checksum',
      (request) => sendBytes(replaced(request, 'x-amz-checksum-sha256', otherChecksum), flipped),
    ],
    [
      'another content type',
      (request) => sendBytes(replaced(request, 'content-type', 'text/html'), picture),
    ],
    [
      'another key',
      (request) =>
        sendBytes({ ...request, url: request.url.replace('/media/', '/media/x') }, picture),
    ],
  ])('refuses %s, and stores nothing', async (_title, send) => {
    const object = pictureAt(newKey())
    const response = await send(await objects.presignUpload(object))
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(await objects.inspect(object.key, picture.byteLength)).toBeNull()
  })

  it('refuses an upload and a download past their quarter of an hour', async () => {
    clock.advance(-16 * 60_000)
    const object = pictureAt(newKey())
    const upload = await objects.presignUpload(object)
    const download = await objects.presignDownload({ ...object, fileName: 'a.jpg' })
    clock.advance(16 * 60_000)
    expect((await sendBytes(upload, picture)).status).toBe(403)
    expect((await fetch(download)).status).toBe(403)
  })

  it('sends the name and the disposition with a download', async () => {
    const object = pictureAt(newKey())
    await sendBytes(await objects.presignUpload(object), picture)
    const url = await objects.presignDownload({ ...object, fileName: 'Ahn "1894"\u{1f451}.jpg' })
    const download = await fetch(url)
    expect(download.headers.get('content-disposition')).toBe(
      `inline; filename="Ahn _1894___.jpg"; filename*=UTF-8''Ahn%20%221894%22%F0%9F%91%91.jpg`,
    )
    expect((await fetch(url.replace('Ahn', 'Bhn'))).status).toBe(403)
  })
})
