import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  run,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

describe('a mutation repeated with its idempotency key', () => {
  it('returns the first result and writes nothing twice, for every mutation', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyInput = { title: 'The Smiths', idempotencyKey: 'k' }
    const { legacy } = await run<{ legacy: { id: string } }>(
      gql,
      documents.createLegacy,
      legacyInput,
    )
    const storyInput = { legacyId: legacy.id, title: 'A', body: 'B', idempotencyKey: 'k' }
    const { story } = await run<{ story: { id: string } }>(gql, documents.createStory, storyInput)
    const change = { id: story.id, idempotencyKey: 'k' }
    const requests = [
      [documents.createLegacy, legacyInput],
      [documents.createStory, storyInput],
      [documents.updateStory, { ...change, expectedRevision: 1, body: 'C' }],
      [documents.publishStory, { ...change, expectedRevision: 2 }],
      [documents.deleteStory, { ...change, expectedRevision: 3 }],
    ] as const
    for (const [document, input] of requests) {
      const first = await run(gql, document, input)
      const before = await rig.counts(tenant)
      expect(await run(gql, document, input)).toEqual(first)
      expect(await rig.counts(tenant)).toEqual(before)
    }
    expect(await rig.counts(tenant)).toMatchObject({ legacy: 1, story: 1, revision: 3, outbox: 5 })
  })

  it('makes one story when twenty arrive at once', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = { legacyId: await createLegacy(gql), title: 'A', body: 'B', idempotencyKey: 'k' }
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        run<{ story: { id: string } }>(gql, documents.createStory, input),
      ),
    )
    expect(new Set(answers.map(({ story }) => story.id)).size).toBe(1)
    expect(await rig.counts(tenant)).toMatchObject({ story: 1, revision: 1, outbox: 2 })
  })

  it('is refused with other input, and changes nothing', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = { legacyId: await createLegacy(gql), title: 'A', body: 'B', idempotencyKey: 'k' }
    await run(gql, documents.createStory, input)
    const before = await rig.counts(tenant)
    const { errors } = await gql(documents.createStory, { input: { ...input, body: 'C' } })
    expect(errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_KEY_REUSED' } }])
    expect(await rig.counts(tenant)).toEqual(before)
  })

  it('is somebody else’s request when another actor or tenant sends the key', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const input = { legacyId: await createLegacy(gql), title: 'A', body: 'B', idempotencyKey: 'k' }
    await run(gql, documents.createStory, input)
    await run(await rig.as(colleague(tenant, 'editor')), documents.createStory, input)
    expect(await rig.counts(tenant)).toMatchObject({ story: 2 })

    const stranger = testTenant()
    const elsewhere = await rig.as(stranger)
    const legacyId = await createLegacy(elsewhere)
    await run(elsewhere, documents.createStory, { ...input, legacyId })
    expect(await rig.counts(stranger)).toMatchObject({ story: 1 })
  })

  it('leaves the key free when the change was refused as stale', async () => {
    const gql = await rig.as(testTenant())
    const { id } = await createStory(gql, await createLegacy(gql))
    const stale = { id, expectedRevision: 7, body: 'C', idempotencyKey: 'k' }
    expect(await run(gql, documents.updateStory, stale)).toMatchObject({
      __typename: 'StaleRevision',
    })
    expect(await run(gql, documents.updateStory, { ...stale, expectedRevision: 1 })).toMatchObject({
      __typename: 'UpdateStoryPayload',
    })
  })
})

describe('a change that cannot be announced', () => {
  it('is not made: story, revision, event and key are rolled back together', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const legacyId = await createLegacy(gql)
    const before = await rig.counts(tenant)
    // Within the limit of a body, but six bytes a character as JSON: too large for the bus.
    const body = '\u0001'.repeat(199_000)
    const input = { legacyId, title: 'A', body, idempotencyKey: 'k' }
    const { errors } = await gql(documents.createStory, { input })
    expect(errors).toMatchObject([{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }])
    expect(await rig.counts(tenant)).toEqual(before)
  })
})
