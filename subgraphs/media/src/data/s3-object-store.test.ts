import { afterAll, describe, expect, it } from 'vitest'
import { fixedClock, testBus } from '@heirloom/testkit'
import { newKey, objectStoreContract, pictureAt } from './s3-object-store.contract.js'
import { createS3ObjectStore } from './s3-object-store.js'

describe('the object store on the embedded server', () => {
  objectStoreContract(async () => {
    const bus = await testBus()
    return { options: bus, close: () => bus.close() }
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
