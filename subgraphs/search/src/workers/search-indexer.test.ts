import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  deleted,
  found,
  newId,
  startSearchRig,
  story,
  told,
  type SearchRig,
} from '../testing/search-rig.js'

let rig: SearchRig

beforeAll(async () => {
  rig = await startSearchRig()
})
afterAll(() => rig.close())

describe('the search indexer', () => {
  it('follows a story from draft to published to changed to deleted', async () => {
    const tenant = testTenant({ roles: ['viewer'] })
    const client = await rig.as(tenant)
    const draft = story({ title: 'Otters', state: 'DRAFT' })
    await rig.announce([told(tenant, draft, 'StoryCreated')])
    await rig.settled()
    expect(await found(client, 'otters')).toEqual([])

    const published = { ...draft, revision: 2, state: 'PUBLISHED' as const }
    await rig.announce([told(tenant, published, 'StoryPublished')])
    await rig.settled()
    expect(await found(client, 'otters')).toEqual([draft.storyId])

    await rig.announce([told(tenant, { ...published, revision: 3, title: 'Beavers' })])
    await rig.settled()
    expect(await found(client, 'otters')).toEqual([])
    expect(await found(client, 'beavers')).toEqual([draft.storyId])

    await rig.announce([deleted(tenant, draft, 4)])
    await rig.settled()
    expect(await found(client, 'beavers')).toEqual([])
    expect(await rig.documents(tenant)).toEqual([
      { story_id: draft.storyId, revision: 4, deleted: true, title: '', body: '' },
    ])
  })

  it('shows a story within a second of its commit', async () => {
    const tenant = testTenant()
    const client = await rig.as(tenant)
    const fresh = story({ title: 'Lightning' })
    await rig.announce([told(tenant, fresh)])
    await vi.waitFor(
      async () => expect(await found(client, 'lightning')).toEqual([fresh.storyId]),
      {
        timeout: 1_000,
        interval: 20,
      },
    )
  })

  it('keeps the newest revision, in whatever order they come', async () => {
    const tenant = testTenant()
    const doc = story()
    const revisions = [3, 1, 5, 2, 4].map((revision) =>
      told(tenant, { ...doc, revision, title: `Revision ${revision}` }),
    )
    await rig.announce(revisions)
    await rig.settled()
    expect(await rig.documents(tenant)).toMatchObject([{ revision: 5, title: 'Revision 5' }])
  })

  it('lets nothing bring a deleted story back', async () => {
    const tenant = testTenant()
    const doc = story()
    await rig.announce([deleted(tenant, doc, 3)])
    await rig.announce([1, 2, 3, 4].map((revision) => told(tenant, { ...doc, revision })))
    await rig.settled()
    expect(await rig.documents(tenant)).toMatchObject([{ revision: 3, deleted: true, body: '' }])
    expect(await found(await rig.as(tenant), 'Bergen')).toEqual([])
  })

  it('applies a delete that comes with the revision already known, or with an older one', async () => {
    const tenant = testTenant()
    const [same, older] = [story({ revision: 4 }), story({ revision: 4 })]
    await rig.announce([told(tenant, same), told(tenant, older)])
    await rig.announce([deleted(tenant, same, 4), deleted(tenant, older, 2)])
    await rig.settled()
    for (const document of await rig.documents(tenant)) {
      expect(document).toMatchObject({ deleted: true, revision: 4 })
    }
  })

  it('changes nothing when an event is delivered again', async () => {
    const tenant = testTenant()
    const doc = story()
    const first = told(tenant, doc)
    await rig.announce([first, told(tenant, { ...doc, revision: 2, title: 'Second' })])
    await rig.settled()
    // The same event for a bus that does not know it any more: under another group and key.
    const again = { ...first, id: newId() }
    await rig.announce([again])
    await rig.settled()
    expect(await rig.documents(tenant)).toMatchObject([{ revision: 2, title: 'Second' }])
  })

  it('indexes a text as long as the bus carries', async () => {
    const tenant = testTenant()
    const words = Array.from({ length: 20_000 }, (_, index) => `word${index}`).join(' ')
    const long = story({ body: words })
    await rig.announce([told(tenant, long)])
    await rig.settled()
    expect(await found(await rig.as(tenant), 'word19999')).toEqual([long.storyId])
  })
})
