import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIds } from '@heirloom/tenancy'
import { describeWith, fixedClock, testBus } from '@heirloom/testkit'
import type { ObjectStore, PresignedRequest } from '../domain/ports.js'
import { digestOf, picture, sendBytes } from '../testing/operations.js'
import { createS3ObjectStore, type S3Options } from './s3-object-store.js'

const newId = createIds()
const newKey = () => `tenant/test/media/${newId()}`

const pictureAt = (key: string) => ({
  key,
  contentType: 'image/jpeg',
  sizeBytes: picture.byteLength,
  sha256: digestOf(picture),
})

interface Server {
  readonly options: S3Options
  close(): Promise<void>
}

/** Holds for every server that speaks S3. */
function objectStoreContract(startServer: () => Promise<Server>): void {
  let server: Server
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
    const client = new S3Client({ ...server.options, ...awsOptions(server.options) })
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

function awsOptions({ endpoint }: S3Options) {
  return {
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
  }
}

describe('the object store on the embedded server', () => {
  objectStoreContract(async () => {
    const bus = await testBus()
    return { options: bus, close: () => bus.close() }
  })
})

// The embedded server takes any signature and keeps no checksums: only a server that checks
// them can show that an upload is bound to its bytes.
const endpoint = process.env['S3_TEST_ENDPOINT'] ?? ''
const strict = {
  name: 'S3',
  available: endpoint !== '',
  reason:
    'set S3_TEST_ENDPOINT to a server that verifies signatures, such as MinIO, and AWS_* to its credentials',
}

describeWith(strict, 'the object store on a server that verifies signatures', () => {
  const options: S3Options = {
    endpoint,
    region: 'us-east-1',
    bucket: `heirloom-test-${newId().toLowerCase()}`,
  }
  const clock = fixedClock(Date.now())
  let objects: ObjectStore & { close(): void }
  beforeAll(async () => {
    const client = new S3Client({ region: options.region, ...awsOptions(options) })
    await client.send(new CreateBucketCommand({ Bucket: options.bucket }))
    client.destroy()
    objects = createS3ObjectStore({ ...options, now: clock.now })
  })
  afterAll(() => objects.close())

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

describe('a presigned address', () => {
  const store = createS3ObjectStore({
    bucket: 'media',
    region: 'eu-west-1',
    endpoint: 'http://minio.internal:9000',
    publicEndpoint: 'https://files.example.com',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    now: fixedClock().now,
  })
  afterAll(() => store.close())

  it('points at where browsers reach the store, and signs what binds the bytes', async () => {
    const { url, method, headers, expiresAt } = await store.presignUpload(
      pictureAt('tenant/a/media/b'),
    )
    const { origin, pathname, searchParams } = new URL(url)
    expect([method, origin, pathname]).toEqual([
      'PUT',
      'https://files.example.com',
      '/media/tenant/a/media/b',
    ])
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;content-type;host;x-amz-checksum-sha256',
    )
    expect(searchParams.get('X-Amz-Expires')).toBe('900')
    expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([])
    expect(headers.map(({ name }) => name)).toEqual(['content-type', 'x-amz-checksum-sha256'])
    expect(expiresAt).toEqual(new Date('2025-01-01T12:15:00Z'))
  })

  it('uses the address of the region when no endpoint is set', async () => {
    const plain = createS3ObjectStore({
      bucket: 'heirloom-media',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    })
    const { url } = await plain.presignUpload(pictureAt('tenant/a/media/b'))
    expect(new URL(url).host).toBe('heirloom-media.s3.eu-west-1.amazonaws.com')
    plain.close()
  })
})

describe('an object store that is away', () => {
  it('is named as such, and may be tried again', async () => {
    const bus = await testBus()
    const objects = createS3ObjectStore(bus)
    await bus.close()
    await expect(objects.inspect(newKey(), 1)).rejects.toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', retryable: true }),
    )
    objects.close()
  })
})
