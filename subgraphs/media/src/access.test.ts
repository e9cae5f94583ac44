import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role, TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import {
  codeOf,
  completeUpload,
  given,
  linkToStory,
  listAssets,
  mediaOfStories,
  readAsset,
  requestUpload,
  uploaded,
  uploadOf,
} from './testing/operations.js'
import { newId, startMediaRig, type MediaRig } from './testing/rig.js'

let rig: MediaRig
beforeAll(async () => {
  rig = await startMediaRig()
})
afterAll(() => rig.close())

/** Somebody else of the same tenant. */
function member(tenant: TenantContext, ...roles: readonly Role[]): TenantContext {
  const { tenantId } = tenant
  return { ...testTenant({ tenantId }), roles }
}

describe('another tenant', () => {
  it('gets nothing of these media, by any path, and changes nothing', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const [legacyId, storyId] = [rig.add('Legacy', tenant), rig.add('Story', tenant)]
    const asset = await uploaded(gql, uploadOf(legacyId, { storyId }))
    const page = given(await listAssets(gql)).mediaAssets
    const before = await rig.events(tenant)

    const stranger = testTenant({ roles: ['owner', 'operator'] })
    const strange = await rig.as(stranger)
    const ownStory = rig.add('Story', stranger)
    const ownLegacy = rig.add('Legacy', stranger)
    const own = await uploaded(strange, uploadOf(ownLegacy))

    expect(given(await readAsset(strange, asset.id)).mediaAsset).toBeNull()
    expect(given(await listAssets(strange, { legacyId })).mediaAssets.nodes).toEqual([])
    const after = page.pageInfo.endCursor
    expect(given(await listAssets(strange, { after })).mediaAssets.nodes).toMatchObject([
      { id: own.id },
    ])
    expect(await mediaOfStories(strange, [storyId])).toEqual([[]])
    const entity = await strange(
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on MediaAsset { id url } } }`,
      { of: [{ __typename: 'MediaAsset', id: asset.id }] },
    )
    expect(entity.data).toEqual({ _entities: [null] })
    expect(codeOf(await completeUpload(strange, asset.id))).toBe('NOT_FOUND')
    expect(codeOf(await linkToStory(strange, asset.id, ownStory))).toBe('NOT_FOUND')
    expect(codeOf(await linkToStory(strange, own.id, storyId))).toBe('NOT_FOUND')
    expect(codeOf(await requestUpload(strange, uploadOf(legacyId)))).toBe('NOT_FOUND')
    expect(codeOf(await requestUpload(strange, uploadOf(ownLegacy, { storyId })))).toBe('NOT_FOUND')

    expect(await rig.events(tenant)).toEqual(before)
    expect(await rig.countRows(tenant)).toBe(1)
    expect(await rig.countRows(stranger)).toBe(1)
  })
})

describe('a role', () => {
  it('viewer reads media and changes none', async () => {
    const tenant = testTenant()
    const legacyId = rig.add('Legacy', tenant)
    const asset = await uploaded(await rig.as(tenant), uploadOf(legacyId))

    const gql = await rig.as(member(tenant, 'viewer'))
    expect(given(await readAsset(gql, asset.id)).mediaAsset?.url).toContain(asset.id)
    expect(given(await listAssets(gql)).mediaAssets.nodes).toHaveLength(1)
    expect(codeOf(await requestUpload(gql, uploadOf(legacyId)))).toBe('FORBIDDEN')
    expect(codeOf(await completeUpload(gql, asset.id))).toBe('FORBIDDEN')
    const storyId = rig.add('Story', tenant)
    expect(codeOf(await linkToStory(gql, asset.id, storyId))).toBe('FORBIDDEN')
    expect(await rig.countRows(tenant)).toBe(1)
  })

  it('contributor links what they uploaded, an editor what anybody did', async () => {
    const tenant = testTenant()
    const legacyId = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant, legacyId)
    const asset = await uploaded(await rig.as(tenant), uploadOf(legacyId))

    const contributor = await rig.as(member(tenant, 'contributor'))
    expect(codeOf(await linkToStory(contributor, asset.id, storyId))).toBe('FORBIDDEN')
    const own = await uploaded(contributor, uploadOf(legacyId))
    expect((await linkToStory(contributor, own.id, storyId)).errors).toBeUndefined()
    const editor = await rig.as(member(tenant, 'editor'))
    expect((await linkToStory(editor, asset.id, storyId)).errors).toBeUndefined()
  })

  it.each([[[]], [['operator']]] as const)('%j sees no media', async (roles) => {
    const tenant = testTenant()
    const legacyId = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant, legacyId)
    const input = uploadOf(legacyId, { storyId })
    const asset = await uploaded(await rig.as(tenant), input)

    const gql = await rig.as(member(tenant, ...roles))
    expect(given(await readAsset(gql, asset.id)).mediaAsset).toBeNull()
    expect(given(await listAssets(gql)).mediaAssets.nodes).toEqual([])
    expect(await mediaOfStories(gql, [storyId])).toEqual([[]])
  })
})

describe('the door', () => {
  it('answers 401 without a token, with an expired one, and with one for another subgraph', async () => {
    const tenant = testTenant()
    const expired = await rig.token(tenant, () => Date.now() - 120_000)
    const answers = await Promise.all(
      [undefined, expired, 'not.a.token'].map((token) =>
        fetch(rig.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify({ query: '{ __typename }' }),
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as {
      error: { code: string }
    }[]
    expect(bodies.map(({ error }) => error.code)).toEqual([
      'UNAUTHENTICATED',
      'TOKEN_EXPIRED',
      'TOKEN_INVALID',
    ])
  })

  it('takes the tenant from the token, whatever a header says', async () => {
    const [tenant, other] = [testTenant(), testTenant()]
    const asset = await uploaded(await rig.as(other), uploadOf(rig.add('Legacy', other)))
    const answer = await fetch(rig.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await rig.token(tenant)}`,
        'x-tenant-id': other.tenantId,
        tenant_id: other.tenantId,
      },
      body: JSON.stringify({ query: `{ mediaAsset(id: "${asset.id}") { id } }` }),
    })
    expect(await answer.json()).toEqual({ data: { mediaAsset: null } })
  })
})

describe('an id that cannot be one', () => {
  it.each([
    ['an empty text', ''],
    ['a word', 'x'],
    ['ten thousand digits', '0'.repeat(10_000)],
    ['a piece of SQL', "' or true --"],
    ['a NUL', '\u0000'],
  ])('finds nothing: %s', async (_title, id) => {
    const gql = await rig.as(testTenant())
    expect(given(await readAsset(gql, id)).mediaAsset).toBeNull()
    expect(codeOf(await completeUpload(gql, id))).toBe('NOT_FOUND')
    expect(codeOf(await linkToStory(gql, id, newId()))).toBe('NOT_FOUND')
    expect(codeOf(await requestUpload(gql, uploadOf(id)))).toBe('NOT_FOUND')
    expect(await mediaOfStories(gql, [id])).toEqual([[]])
    expect(given(await listAssets(gql, { legacyId: id })).mediaAssets.nodes).toEqual([])
  })
})

describe('a role on a legacy or a story', () => {
  const held = (
    tenant: TenantContext,
    grants: Partial<NonNullable<TenantContext['grants']>>,
  ): TenantContext => ({
    ...member(tenant),
    grants: { version: 1, legacies: {}, stories: {}, ...grants },
  })

  it('opens the media there and nowhere else', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const here = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant)
    const elsewhere = rig.add('Legacy', tenant)
    const ofLegacy = await uploaded(gql, uploadOf(here))
    const ofStory = await uploaded(gql, uploadOf(here, { storyId }))
    const other = await uploaded(gql, uploadOf(elsewhere))
    const seen = async (who: TenantContext): Promise<readonly string[]> =>
      given(await listAssets(await rig.as(who))).mediaAssets.nodes.map(({ id }) => id)

    expect(await seen(held(tenant, { legacies: { [here]: 'viewer' } }))).toEqual([
      ofLegacy.id,
      ofStory.id,
    ])
    const stories = { [storyId]: { legacyId: here, role: 'contributor' as const } }
    const guest = held(tenant, { stories })
    expect(await seen(guest)).toEqual([ofStory.id])
    expect(await seen(held(tenant, {}))).toEqual([])
    expect(given(await readAsset(await rig.as(guest), other.id)).mediaAsset).toBeNull()
    // The same grants in another tenant: its rows are not there.
    expect(await seen(held(testTenant(), { legacies: { [here]: 'owner' }, stories }))).toEqual([])
  })

  it('adds media where it is held, and takes them nowhere else', async () => {
    const tenant = testTenant()
    const legacyId = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant)
    const otherStory = rig.add('Story', tenant)
    const stories = { [storyId]: { legacyId, role: 'contributor' as const } }
    const gql = await rig.as(held(tenant, { stories }))
    const asset = await uploaded(gql, uploadOf(legacyId, { storyId }))
    expect(codeOf(await requestUpload(gql, uploadOf(legacyId)))).toBe('FORBIDDEN')
    expect(codeOf(await requestUpload(gql, uploadOf(legacyId, { storyId: otherStory })))).toBe(
      'FORBIDDEN',
    )
    expect(codeOf(await linkToStory(gql, asset.id, otherStory))).toBe('FORBIDDEN')
  })
})
