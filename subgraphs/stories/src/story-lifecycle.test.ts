import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  publishStory,
  run,
  startStoriesRig,
  type StoriesRig,
  type StoryAnswer,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

const unknownId = '01ARZ3NDEKTSV4RRFFQ69G5FAV'
const ulid = /^[0-9A-HJKMNP-TV-Z]{26}$/

describe('the life of a story', () => {
  it('starts as a draft with one revision, and is announced', async () => {
    const tenant = testTenant({ roles: ['contributor'] })
    const editor = await rig.as(colleague(tenant, 'editor'))
    const legacyId = await createLegacy(editor)
    const gql = await rig.as(tenant)
    const { story } = await run<{ story: Record<string, unknown> }>(gql, documents.createStory, {
      legacyId,
      title: '  A day  ',
      body: 'It rained.',
    })
    expect(story).toEqual({
      id: expect.stringMatching(ulid),
      title: 'A day',
      body: 'It rained.',
      status: 'DRAFT',
      revision: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: story['createdAt'],
      publishedAt: null,
      legacy: { id: legacyId },
      author: { id: tenant.actor.id, displayName: tenant.actor.name },
    })
    const [, created] = await rig.events(tenant)
    expect(created).toMatchObject({
      type: 'StoryCreated',
      version: 1,
      tenant_id: tenant.tenantId,
      actor_id: `user:${tenant.actor.id}`,
      correlation_id: tenant.requestId,
      resource: { kind: 'Story', id: story['id'] },
      payload: {
        legacy_id: legacyId,
        story_id: story['id'],
        revision: 1,
        title: 'A day',
        body: 'It rained.',
        status: 'DRAFT',
        author_id: tenant.actor.id,
      },
    })
  })

  it('keeps every text that it had as a revision with its author', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const { id } = await createStory(gql, await createLegacy(gql))
    const editor = colleague(tenant, 'editor')
    const updated = await run<{ story: StoryAnswer }>(await rig.as(editor), documents.updateStory, {
      id,
      expectedRevision: 1,
      body: 'It poured.',
    })
    expect(updated).toMatchObject({
      __typename: 'UpdateStoryPayload',
      story: { title: 'A day', body: 'It poured.', revision: 2, status: 'DRAFT' },
    })
    await publishStory(gql, updated.story)
    const { data } = await gql(documents.story, { id })
    expect(data).toMatchObject({
      story: {
        status: 'PUBLISHED',
        revision: 3,
        publishedAt: expect.stringMatching(/Z$/),
        revisions: {
          nodes: [
            { number: 1, body: 'It rained.', status: 'DRAFT', author: { id: tenant.actor.id } },
            { number: 2, body: 'It poured.', status: 'DRAFT', author: { id: editor.actor.id } },
            { number: 3, body: 'It poured.', status: 'PUBLISHED' },
          ],
        },
      },
    })
    const events = await rig.events(tenant)
    expect(events.map(({ type, payload }) => [type, payload['revision']])).toEqual([
      ['LegacyCreated', undefined],
      ['StoryCreated', 1],
      ['StoryUpdated', 2],
      ['StoryPublished', 3],
    ])
  })

  it('is published once: publishing again changes nothing and announces nothing', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const published = await publishStory(gql, await createStory(gql, await createLegacy(gql)))
    const before = await rig.counts(tenant)
    expect(await publishStory(gql, published)).toEqual(published)
    expect(await rig.counts(tenant)).toEqual(before)
  })

  it('ends in a tombstone that nobody reads, with its revisions kept', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = await createLegacy(gql)
    const { id } = await createStory(gql, legacyId)
    const read = await gql<{ story: { revisions: { nodes: { id: string }[] } } }>(documents.story, {
      id,
    })
    const revisionId = read.data?.story.revisions.nodes[0]?.id
    expect(await run(gql, documents.deleteStory, { id, expectedRevision: 1 })).toEqual({
      __typename: 'DeleteStoryPayload',
      deletedStoryId: id,
    })

    const after = await gql(
      `query ($id: ID!, $legacyId: ID!, $of: [_Any!]!) {
        story(id: $id) { id }
        stories { nodes { id } }
        legacy(id: $legacyId) { stories { nodes { id } } }
        _entities(representations: $of) { __typename }
      }`,
      {
        id,
        legacyId,
        of: [
          { __typename: 'Story', id },
          { __typename: 'Revision', id: revisionId },
        ],
      },
    )
    expect(after.errors).toBeUndefined()
    expect(after.data).toEqual({
      story: null,
      stories: { nodes: [] },
      legacy: { stories: { nodes: [] } },
      _entities: [null, null],
    })
    expect(await rig.counts(tenant)).toMatchObject({ story: 1, revision: 1 })
    expect((await rig.events(tenant)).at(-1)).toMatchObject({
      type: 'StoryDeleted',
      payload: { legacy_id: legacyId, story_id: id, revision: 2 },
    })
    for (const document of ['updateStory', 'publishStory', 'deleteStory'] as const) {
      const input = { id, expectedRevision: 2, ...(document === 'updateStory' && { body: 'x' }) }
      const { errors } = await gql(documents[document], { input })
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    }
  })
})

describe('a change from a stale revision', () => {
  it.each(['updateStory', 'publishStory', 'deleteStory'] as const)(
    'is answered by %s with the current story, and writes nothing',
    async (mutation) => {
      const tenant = testTenant()
      const gql = await rig.as(tenant)
      const { id } = await createStory(gql, await createLegacy(gql))
      await run(gql, documents.updateStory, { id, expectedRevision: 1, body: 'It poured.' })
      const before = await rig.counts(tenant)
      const change = mutation === 'updateStory' ? { body: 'It snowed.' } : {}
      const input = { id, expectedRevision: 1, idempotencyKey: 'k', ...change }
      expect(await run(gql, documents[mutation], input)).toMatchObject({
        __typename: 'StaleRevision',
        code: 'STALE_REVISION',
        message: 'the story is at revision 2, not at 1; nothing was written',
        expectedRevision: 1,
        current: { id, body: 'It poured.', revision: 2 },
      })
      expect(await rig.counts(tenant)).toEqual(before)
    },
  )

  it('leaves one winner when ten change the same revision at once', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const { id } = await createStory(gql, await createLegacy(gql))
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        run<{ __typename: string }>(gql, documents.updateStory, {
          id,
          expectedRevision: 1,
          body: `version ${n}`,
        }),
      ),
    )
    const kinds = answers.map((answer) => answer.__typename).sort()
    expect(kinds).toEqual([...Array<string>(9).fill('StaleRevision'), 'UpdateStoryPayload'])
    expect(await rig.counts(tenant)).toMatchObject({ revision: 2, outbox: 3 })
  })
})

describe('bad input', () => {
  const tooLong = 'é'.repeat(100_001)
  it.each([
    ['an empty title', { title: ' ' }, 'INVALID_INPUT'],
    ['a title of 301 characters', { title: 'x'.repeat(301) }, 'INVALID_INPUT'],
    ['a body of 200,002 bytes', { body: tooLong }, 'PAYLOAD_TOO_LARGE'],
    ['a NUL character', { body: 'a\0b' }, 'INVALID_INPUT'],
    ['a lone surrogate', { title: 'a\ud800b' }, 'INVALID_INPUT'],
    ['an unknown legacy', { legacyId: unknownId }, 'NOT_FOUND'],
    ['a malformed legacy id', { legacyId: "'; drop table story --" }, 'NOT_FOUND'],
    ['a key of 129 characters', { idempotencyKey: 'k'.repeat(129) }, 'INVALID_INPUT'],
  ])('is refused by createStory and changes nothing: %s', async (_title, bad, code) => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const good = { legacyId: await createLegacy(gql), title: 'A day', body: 'It rained.' }
    const before = await rig.counts(tenant)
    const { errors } = await gql(documents.createStory, { input: { ...good, ...bad } })
    expect(errors).toMatchObject([{ extensions: { code } }])
    expect(await rig.counts(tenant)).toEqual(before)
  })

  it('is not seen in a body of exactly 200,000 bytes', async () => {
    const gql = await rig.as(testTenant())
    const body = 'é'.repeat(100_000)
    expect(await createStory(gql, await createLegacy(gql), { body })).toMatchObject({ body })
  })

  it.each([
    ['an unknown id', { id: unknownId, expectedRevision: 1, body: 'x' }, 'NOT_FOUND'],
    ['a malformed id', { id: 'x\0', expectedRevision: 1, body: 'x' }, 'NOT_FOUND'],
    ['nothing to change', { id: unknownId, expectedRevision: 1 }, 'INVALID_INPUT'],
  ])('is refused by updateStory: %s', async (_title, input, code) => {
    const gql = await rig.as(testTenant())
    const { errors } = await gql(documents.updateStory, { input })
    expect(errors).toMatchObject([{ extensions: { code } }])
  })

  it('reads as nothing where an id is malformed or unknown', async () => {
    const gql = await rig.as(testTenant())
    const { data, errors } = await gql(`{
      a: story(id: "x") { id }
      b: story(id: "${unknownId}") { id }
      c: legacy(id: "x") { id }
      d: legacy(slug: "../etc") { id }
      e: stories(filter: { legacyId: "x" }) { nodes { id } }
      f: stories(filter: { authorId: "\\u0000" }) { nodes { id } }
    }`)
    expect(errors).toBeUndefined()
    const none = { nodes: [] }
    expect(data).toEqual({ a: null, b: null, c: null, d: null, e: none, f: none })
  })
})
