import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeCursor } from '@heirloom/subgraph'
import { testTenant } from '@heirloom/testkit'
import {
  codeOf,
  given,
  linkToStory,
  listAssets,
  mediaOfStories,
  requestUpload,
  uploaded,
  uploadOf,
  type MediaPageAnswer,
} from './testing/operations.js'
import { startMediaRig, type MediaRig } from './testing/rig.js'

let rig: MediaRig
beforeAll(async () => {
  rig = await startMediaRig()
})
afterAll(() => rig.close())

describe('the media of a tenant', () => {
  it('come in pages, in the order of creation, each once', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    const created: string[] = []
    for (const _ of [1, 2, 3, 4, 5]) {
      created.push(given(await requestUpload(gql, uploadOf(legacyId))).requestUpload.mediaAsset.id)
    }
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: MediaPageAnswer = given(await listAssets(gql, { first: 2, after })).mediaAssets
      seen.push(...page.nodes.map(({ id }) => id))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(created)
  })

  it('can be narrowed to one legacy', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const [first, second] = [rig.add('Legacy', tenant), rig.add('Legacy', tenant)]
    given(await requestUpload(gql, uploadOf(first)))
    const wanted = given(await requestUpload(gql, uploadOf(second))).requestUpload.mediaAsset
    const page = given(await listAssets(gql, { legacyId: second })).mediaAssets
    expect(page.nodes.map(({ id }) => id)).toEqual([wanted.id])
  })

  it.each([
    [{ first: 0 }, 'INVALID_INPUT'],
    [{ first: 101 }, 'INVALID_INPUT'],
    [{ after: 'not a cursor' }, 'CURSOR_INVALID'],
    [{ after: encodeCursor('\u0000') }, 'CURSOR_INVALID'],
  ])('are not listed with %j', async (args, code) => {
    const gql = await rig.as(testTenant())
    expect(codeOf(await listAssets(gql, args))).toBe(code)
  })
})

describe('the media of a story', () => {
  it('come in the order in which they were linked, once their bytes are there', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    const [storyId, silent] = [rig.add('Story', tenant), rig.add('Story', tenant)]
    const first = await uploaded(gql, uploadOf(legacyId))
    const second = await uploaded(gql, uploadOf(legacyId))
    given(await requestUpload(gql, uploadOf(legacyId, { storyId })))
    given(await linkToStory(gql, second.id, storyId))
    given(await linkToStory(gql, first.id, storyId))

    expect(await mediaOfStories(gql, [storyId, silent])).toEqual([[second.id, first.id], []])
  })

  it('move with a new link, which is announced, and a repeated link is not', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    const [before, after] = [rig.add('Story', tenant), rig.add('Story', tenant)]
    const asset = await uploaded(gql, uploadOf(legacyId))
    given(await linkToStory(gql, asset.id, before))
    given(await linkToStory(gql, asset.id, after))
    const again = given(await linkToStory(gql, asset.id, after)).linkMediaToStory.mediaAsset
    expect(again.story).toEqual({ id: after })

    expect(await mediaOfStories(gql, [before, after])).toEqual([[], [asset.id]])
    const linked = (await rig.events(tenant)).filter(({ type }) => type === 'MediaLinked')
    expect(linked.map(({ payload }) => payload)).toEqual([
      { legacy_id: legacyId, media_id: asset.id, story_id: before },
      { legacy_id: legacyId, media_id: asset.id, story_id: after },
    ])
  })

  it('are read by nobody who may not read the story', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = rig.add('Legacy', tenant)
    const storyId = rig.add('Story', tenant)
    const hidden = await uploaded(gql, uploadOf(legacyId, { storyId }))
    const open = await uploaded(gql, uploadOf(legacyId))
    rig.remove(storyId)

    expect(await mediaOfStories(gql, [storyId])).toEqual([[]])
    const { data } = await gql(
      `query ($hidden: ID!) {
        mediaAsset(id: $hidden) { id }
        mediaAssets(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } }
        all: mediaAssets { nodes { id } }
      }`,
      { hidden: hidden.id },
    )
    expect(data).toMatchObject({
      mediaAsset: null,
      // A page may be empty; the list goes on behind it.
      mediaAssets: { nodes: [], pageInfo: { hasNextPage: true } },
      all: { nodes: [{ id: open.id }] },
    })
  })

  it('are of the legacy of the story, and of no other', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const [legacyId, other] = [rig.add('Legacy', tenant), rig.add('Legacy', tenant)]
    const elsewhere = rig.add('Story', tenant, other)
    const asset = await uploaded(gql, uploadOf(legacyId))
    expect(codeOf(await linkToStory(gql, asset.id, elsewhere))).toBe('INVALID_INPUT')
    expect(codeOf(await requestUpload(gql, uploadOf(legacyId, { storyId: elsewhere })))).toBe(
      'INVALID_INPUT',
    )
    expect(await rig.countRows(tenant)).toBe(1)
    expect((await rig.events(tenant)).map(({ type }) => type)).toEqual(['MediaUploaded'])
    given(await linkToStory(gql, asset.id, rig.add('Story', tenant, legacyId)))
  })

  it('stay as they are when the story to link to is not there', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const asset = await uploaded(gql, uploadOf(rig.add('Legacy', tenant)))
    expect(codeOf(await linkToStory(gql, asset.id, 'nowhere'))).toBe('NOT_FOUND')
    expect((await rig.events(tenant)).map(({ type }) => type)).toEqual(['MediaUploaded'])
  })
})
