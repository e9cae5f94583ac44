import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAuditLog, testTenant } from '@heirloom/testkit'
import {
  completeUpload,
  linkToStory,
  requestUpload,
  uploaded,
  uploadOf,
} from './testing/operations.js'
import { startMediaRig, type MediaRig } from './testing/rig.js'

let rig: MediaRig
beforeAll(async () => {
  rig = await startMediaRig()
})
afterAll(() => rig.close())

describe('the audit log of the media', () => {
  it('tells of every step that changed something', async () => {
    const owner = testTenant({ source: { ip: '203.0.113.7' } })
    const gql = await rig.as(owner)
    const legacyId = rig.add('Legacy', owner)
    const asset = await uploaded(gql, uploadOf(legacyId))
    await completeUpload(gql, asset.id)
    const storyId = rig.add('Story', owner, legacyId)
    await linkToStory(gql, asset.id, storyId)
    await linkToStory(gql, asset.id, storyId)
    const step = {
      actor: `user:${owner.actor.id}`,
      action: 'media:write',
      resource: { kind: 'MediaAsset', id: asset.id },
      outcome: 'DONE',
      code: null,
      sourceIp: '203.0.113.7',
    }
    expect(await readAuditLog(gql, 'media')).toEqual([step, step, step])
  })

  it('tells of what was denied, and tells it to owners of this tenant alone', async () => {
    const owner = testTenant()
    const gql = await rig.as(owner)
    const legacyId = rig.add('Legacy', owner)
    const asset = await uploaded(gql, uploadOf(legacyId))
    const viewer = testTenant({ tenantId: owner.tenantId, roles: ['viewer'] })
    const theirs = await rig.as(viewer)
    await requestUpload(theirs, uploadOf(legacyId))
    await linkToStory(theirs, asset.id, rig.add('Story', owner, legacyId))
    const told = await readAuditLog(gql, 'media')
    expect(told.slice(2).map(({ resource, code }) => [resource, code])).toEqual([
      [{ kind: 'Legacy', id: legacyId }, 'FORBIDDEN'],
      [{ kind: 'MediaAsset', id: asset.id }, 'FORBIDDEN'],
    ])
    await expect(readAuditLog(theirs, 'media')).rejects.toThrow('FORBIDDEN')
    expect(await readAuditLog(await rig.as(testTenant()), 'media')).toEqual([])
  })
})
