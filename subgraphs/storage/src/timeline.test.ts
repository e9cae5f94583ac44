import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { timelineOf } from './domain/stream-id.js'
import {
  codeOf,
  given,
  ids,
  streamEnd,
  streamEvents,
  timelineEvents,
} from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

const none = { version: 0, legacies: {}, stories: {} }

describe('timelines', () => {
  let rig: StorageRig
  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterAll(() => rig.close())

  /** Appends as the projector does. */
  async function tell(
    { tenantId }: TenantContext,
    legacyId: string,
    ...events: readonly (readonly [id: string, data: Record<string, unknown>])[]
  ): Promise<void> {
    await rig.main.storage.streams.for(tenantId).append(
      timelineOf(legacyId),
      events.map(([id, data]) => {
        const payload = { legacy_id: legacyId, ...data }
        return { id, type: 'Told', occurredAt: new Date(), actorId: null, data: payload }
      }),
    )
  }

  const draftOf = (author: string): Record<string, unknown> => {
    return { story_id: 's', status: 'DRAFT', author_id: author, title: 'secret' }
  }

  it('are read page by page and followed from their end', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const gql = await rig.main.as(owner)
    const end = await gql<{ timelineEnd: string }>(
      'query ($id: ID!) { timelineEnd(legacyId: $id) }',
      { id: legacyId },
    )
    const subscriber = await rig.main.subscriber(owner)
    const events = subscriber.timeline(legacyId, given(end).timelineEnd)
    await tell(owner, legacyId, ['a', {}], ['b', {}], ['c', {}])
    expect(ids(await events.take(3))).toEqual(['a', 'b', 'c'])
    const page = given(await timelineEvents(gql, legacyId, { first: 2 })).timelineEvents
    expect(ids(page.nodes)).toEqual(['a', 'b'])
    const rest = await timelineEvents(gql, legacyId, { after: page.pageInfo.endCursor })
    expect(ids(given(rest).timelineEvents.nodes)).toEqual(['c'])
    await subscriber.close()
  })

  it('of another tenant, or of no legacy at all, are not found, under either name', async () => {
    const owner = testTenant()
    const stranger = testTenant()
    const legacyId = rig.addLegacy(owner)
    await tell(owner, legacyId, ['a', {}])
    const gql = await rig.main.as(stranger)
    const subscriber = await rig.main.subscriber(stranger)
    for (const id of [legacyId, '01JGM0000000000000000000AA', 'nonsense']) {
      expect(codeOf(await timelineEvents(gql, id))).toBe('NOT_FOUND')
      expect(codeOf(await streamEvents(gql, timelineOf(id)))).toBe('NOT_FOUND')
      expect(codeOf(await streamEnd(gql, timelineOf(id)))).toBe('NOT_FOUND')
      const timeline = subscriber.timeline(id)
      await expect(timeline.take(1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      const stream = subscriber.eventStream(timelineOf(id))
      await expect(stream.take(1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    await subscriber.close()
  })

  it('refuse the cursor of another legacy of the same tenant', async () => {
    const owner = testTenant()
    const [one, other] = [rig.addLegacy(owner), rig.addLegacy(owner)]
    await tell(owner, one, ['a', {}])
    const gql = await rig.main.as(owner)
    const { nodes } = given(await timelineEvents(gql, one)).timelineEvents
    const answer = await timelineEvents(gql, other, { after: nodes[0]?.cursor ?? null })
    expect(codeOf(answer)).toBe('CURSOR_INVALID')
  })

  it('show drafts to those alone who may read them, in pages and live alike', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const contributor = testTenant({ ...owner, roles: ['contributor'] })
    const others = { ...contributor, actor: { ...contributor.actor, id: 'other' as never } }
    const told = [
      ['own-draft', draftOf(contributor.actor.id)],
      ['published', { ...draftOf('x'), status: 'PUBLISHED' }],
      ['draft', draftOf('x')],
      ['person', { person_id: 'p' }],
    ] as const
    const start = given(await streamEnd(await rig.main.as(owner), timelineOf(legacyId))).streamEnd
    await tell(owner, legacyId, ...told)
    for (const [caller, visible] of [
      [owner, ['own-draft', 'published', 'draft', 'person']],
      [{ ...owner, roles: ['editor'] as const }, ['own-draft', 'published', 'draft', 'person']],
      [contributor, ['own-draft', 'published', 'person']],
      [others, ['published', 'person']],
      [{ ...owner, roles: ['viewer'] as const }, ['published', 'person']],
    ] as const) {
      const gql = await rig.main.as(caller)
      const page = given(await timelineEvents(gql, legacyId)).timelineEvents
      expect(ids(page.nodes)).toEqual(visible)
      expect(page.pageInfo.hasNextPage).toBe(false)
      const subscriber = await rig.main.subscriber(caller)
      const live = await subscriber.timeline(legacyId, start).take(visible.length)
      expect(ids(live)).toEqual(visible)
      await subscriber.close()
    }
  })

  it('show a legacy’s own what is published to it, and others nothing of it', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const published = { ...draftOf('x'), status: 'PUBLISHED' }
    await tell(
      owner,
      legacyId,
      ['all', published],
      ['legacy', { ...published, state: 'PUBLISHED', level: 'LEGACY' }],
      ['private', { ...published, state: 'PUBLISHED', level: 'PRIVATE' }],
      ['hidden', { ...draftOf('x'), state: 'HIDDEN', level: 'TENANT' }],
    )
    const held = (role: 'viewer' | 'editor', id: string = legacyId): TenantContext => ({
      ...owner,
      roles: [],
      grants: { version: 1, legacies: { [id]: role }, stories: {} },
    })
    const seen = async (who: TenantContext) =>
      ids(given(await timelineEvents(await rig.main.as(who), legacyId)).timelineEvents.nodes)
    expect(await seen({ ...owner, roles: ['viewer'] })).toEqual(['all'])
    expect(await seen(held('viewer'))).toEqual(['all', 'legacy'])
    expect(await seen(held('editor'))).toEqual(['all', 'legacy', 'private', 'hidden'])
    const elsewhere = await rig.main.as(held('editor', rig.addLegacy(owner)))
    expect(codeOf(await timelineEvents(elsewhere, legacyId))).toBe('FORBIDDEN')
    const stranger = await rig.main.as({ ...testTenant(), grants: held('editor').grants ?? none })
    expect(codeOf(await timelineEvents(stranger, legacyId))).toBe('NOT_FOUND')
  })

  it('page past many events that the caller may not see', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const drafts = Array.from({ length: 60 }, (_, n) => [`d${n}`, draftOf('x')] as const)
    await tell(owner, legacyId, ['first', {}], ...drafts, ['last', {}], ['draft', draftOf('x')])
    const gql = await rig.main.as({ ...owner, roles: ['viewer'] })
    const one = given(await timelineEvents(gql, legacyId, { first: 1 })).timelineEvents
    expect(ids(one.nodes)).toEqual(['first'])
    expect(one.pageInfo.hasNextPage).toBe(true)
    const after = one.pageInfo.endCursor
    const two = given(await timelineEvents(gql, legacyId, { first: 5, after })).timelineEvents
    expect(ids(two.nodes)).toEqual(['last'])
    expect(two.pageInfo.hasNextPage).toBe(false)
  })

  it('cannot be read by who is no member', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    for (const roles of [[], ['operator']] as const) {
      const gql = await rig.main.as({ ...owner, roles })
      expect(codeOf(await timelineEvents(gql, legacyId))).toBe('FORBIDDEN')
    }
  })
})
