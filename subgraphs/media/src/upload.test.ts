import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  codeOf,
  completeUpload,
  digestOf,
  given,
  picture,
  readAsset,
  requestUpload,
  sendBytes,
  uploaded,
  uploadOf,
} from './testing/operations.js'
import { startMediaRig, type MediaRig } from './testing/rig.js'

let rig: MediaRig
beforeAll(async () => {
  rig = await startMediaRig()
})
afterAll(() => rig.close())

describe('an upload', () => {
  it('goes straight to the object store, is confirmed, and can be downloaded', async () => {
    const tenant = testTenant({ roles: ['contributor'] })
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)

    const { mediaAsset, upload } = given(await requestUpload(gql, uploadOf(legacyId))).requestUpload
    expect(mediaAsset).toMatchObject({ status: 'PENDING', url: null, legacy: { id: legacyId } })
    expect(new URL(upload.url).pathname).toBe(
      `/heirloom-media/tenant/${tenant.tenantId}/media/${mediaAsset.id}`,
    )

    expect((await sendBytes(upload, picture)).status).toBe(200)
    const ready = given(await completeUpload(gql, mediaAsset.id)).completeUpload.mediaAsset
    expect(ready).toMatchObject({ status: 'READY', sha256: digestOf(picture) })

    const download = await fetch(ready.url ?? '')
    expect(Buffer.from(await download.arrayBuffer())).toEqual(picture)
    expect(await rig.events(tenant)).toMatchObject([
      {
        type: 'MediaUploaded',
        resource: { kind: 'MediaAsset', id: mediaAsset.id },
        actor_id: `user:${tenant.actor.id}`,
        payload: {
          legacy_id: legacyId,
          media_id: mediaAsset.id,
          file_name: 'laeken.jpg',
          content_type: 'image/jpeg',
          size: picture.byteLength,
          sha256: digestOf(picture),
        },
      },
    ])
  })

  it('refuses other bytes of the same length, and can be mended', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant))
    const { mediaAsset, upload } = given(await requestUpload(gql, input)).requestUpload
    const tampered = Buffer.from(picture)
    tampered[0] = 0

    await sendBytes(upload, tampered)
    expect(codeOf(await completeUpload(gql, mediaAsset.id))).toBe('CHECKSUM_MISMATCH')
    expect(given(await readAsset(gql, mediaAsset.id)).mediaAsset?.status).toBe('PENDING')
    expect(await rig.events(tenant)).toEqual([])

    await sendBytes(upload, picture)
    expect(given(await completeUpload(gql, mediaAsset.id)).completeUpload.mediaAsset.status).toBe(
      'READY',
    )
  })

  it.each([
    ['fewer', picture.subarray(0, 5)],
    ['more', Buffer.concat([picture, picture])],
  ])('refuses %s bytes than were announced', async (_title, bytes) => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant))
    const { mediaAsset, upload } = given(await requestUpload(gql, input)).requestUpload
    await sendBytes(upload, bytes)
    expect(codeOf(await completeUpload(gql, mediaAsset.id))).toBe('CHECKSUM_MISMATCH')
  })

  it('cannot be completed before the bytes arrived', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant))
    const { mediaAsset } = given(await requestUpload(gql, input)).requestUpload
    expect(codeOf(await completeUpload(gql, mediaAsset.id))).toBe('CONFLICT')
    expect(await rig.events(tenant)).toEqual([])
  })

  it('completes once, however often and however simultaneously it is asked to', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant))
    const { mediaAsset, upload } = given(await requestUpload(gql, input)).requestUpload
    await sendBytes(upload, picture)

    const answers = await Promise.all([1, 2, 3, 4].map(() => completeUpload(gql, mediaAsset.id)))
    answers.push(await completeUpload(gql, mediaAsset.id))
    expect(answers.map((answer) => given(answer).completeUpload.mediaAsset.status)).toEqual(
      Array(5).fill('READY'),
    )
    expect(await rig.events(tenant)).toHaveLength(1)
  })

  it('carries the story that it was requested for', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant, legacyId)
    const asset = await uploaded(gql, uploadOf(legacyId, { storyId }))
    expect(asset.story).toEqual({ id: storyId })
    const [event] = await rig.events(tenant)
    expect(event?.payload.story_id).toBe(storyId)
  })
})

describe('a repeated request for an upload', () => {
  it('with the same key gets the same asset, and an address that still works', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant), { idempotencyKey: 'laeken' })
    const first = given(await requestUpload(gql, input)).requestUpload
    const repeats = await Promise.all([requestUpload(gql, input), requestUpload(gql, input)])
    for (const repeat of repeats) {
      expect(given(repeat).requestUpload.mediaAsset.id).toBe(first.mediaAsset.id)
      expect((await sendBytes(given(repeat).requestUpload.upload, picture)).status).toBe(200)
    }
    expect(await rig.countRows(tenant)).toBe(1)
  })

  it('with the same key and other facts is refused', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = uploadOf(rig.add('Legacy', tenant), { idempotencyKey: 'laeken' })
    given(await requestUpload(gql, input))
    const other = await requestUpload(gql, { ...input, fileName: 'ostend.jpg' })
    expect(codeOf(other)).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await rig.countRows(tenant)).toBe(1)
  })
})

describe('a request for an upload', () => {
  it.each([
    ['a path', { fileName: '../../etc/passwd' }],
    ['a backslash', { fileName: 'a\\b.jpg' }],
    ['a line break in the name', { fileName: 'a\r\nb.jpg' }],
    ['no media type', { contentType: 'picture' }],
    ['a media type with a parameter', { contentType: 'text/html; charset=utf-8' }],
    ['a header in the media type', { contentType: 'image/jpeg\r\nx-amz-acl: public-read' }],
    ['no bytes', { size: 0 }],
    ['half a byte', { size: 1.5 }],
    ['more than 5 GB', { size: 5 * 1024 ** 3 + 1 }],
    ['a digest of another kind', { sha256: 'd41d8cd98f00b204e9800998ecf8427e' }],
    ['an empty idempotency key', { idempotencyKey: '' }],
  ])('with %s is refused and reserves nothing', async (_title, bad) => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const answer = await requestUpload(gql, uploadOf(rig.add('Legacy', tenant), bad))
    expect(codeOf(answer)).toBe('INVALID_INPUT')
    expect(await rig.countRows(tenant)).toBe(0)
  })

  it('for a legacy or a story that is not there is refused and reserves nothing', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    expect(codeOf(await requestUpload(gql, uploadOf('nowhere')))).toBe('NOT_FOUND')
    const noStory = await requestUpload(gql, uploadOf(legacyId, { storyId: 'nowhere' }))
    expect(codeOf(noStory)).toBe('NOT_FOUND')
    expect(await rig.countRows(tenant)).toBe(0)
  })
})
