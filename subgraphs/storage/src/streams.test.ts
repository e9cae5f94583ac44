import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import {
  allEvents,
  appendEvents,
  codeOf,
  given,
  ids,
  streamEnd,
  streamEvents,
} from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

describe('event streams', () => {
  let rig: StorageRig
  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterAll(() => rig.close())

  it('give back what was appended, in order, with who, when and what', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const storyId = '01JGM0000000000000000000AA'
    const data = { story_id: storyId, legacy_id: 'L', nested: { list: [1, 'ü', null] } }
    given(
      await appendEvents(gql, 'kitchen', [
        { id: 'one', type: 'StoryTold', occurredAt: '1894-05-01T00:00:00.000Z', data },
        { id: 'two', type: 'StoryTold', data: 'a text' },
      ]),
    )
    const answer = await gql<{ streamEvents: { nodes: readonly Record<string, unknown>[] } }>(`{
      streamEvents(streamId: "kitchen") { nodes {
        id type occurredAt actorId data legacy { id } story { id } person { id } media { id } } } }`)
    expect(given(answer).streamEvents.nodes).toMatchObject([
      {
        id: 'one',
        type: 'StoryTold',
        occurredAt: '1894-05-01T00:00:00.000Z',
        actorId: `user:${owner.actor.id}`,
        data,
        legacy: { id: 'L' },
        story: { id: storyId },
        person: null,
        media: null,
      },
      { id: 'two', data: 'a text', story: null },
    ])
  })

  it('are paged by cursors, and every cursor goes on exactly behind its event', async () => {
    const gql = await rig.main.as(testTenant())
    const names = Array.from({ length: 25 }, (_, n) => `e${n}`)
    given(await appendEvents(gql, 's', names))
    const events = await allEvents(gql, 's')
    expect(ids(events)).toEqual(names)
    for (const [index, event] of events.entries()) {
      const page = given(
        await streamEvents(gql, 's', { first: 10, after: event.cursor }),
      ).streamEvents
      expect(ids(page.nodes)).toEqual(names.slice(index + 1, index + 11))
      expect(page.pageInfo.hasNextPage).toBe(index + 11 < names.length)
      expect(page.edges.map((edge) => edge.cursor)).toEqual(page.nodes.map((node) => node.cursor))
    }
  })

  it('answer an empty page with no cursor, and their end with one that works', async () => {
    const gql = await rig.main.as(testTenant())
    const empty = given(await streamEvents(gql, 'nobody-wrote')).streamEvents
    expect(empty).toEqual({
      nodes: [],
      edges: [],
      pageInfo: { endCursor: null, hasNextPage: false },
    })
    const end = given(await streamEnd(gql, 'nobody-wrote')).streamEnd
    given(await appendEvents(gql, 'nobody-wrote', ['first', 'second']))
    const since = given(await streamEvents(gql, 'nobody-wrote', { after: end })).streamEvents
    expect(ids(since.nodes)).toEqual(['first', 'second'])
    const later = given(await streamEnd(gql, 'nobody-wrote')).streamEnd
    const none = given(await streamEvents(gql, 'nobody-wrote', { after: later })).streamEvents
    expect(none.nodes).toEqual([])
  })

  it('take the same event once', async () => {
    const gql = await rig.main.as(testTenant())
    const first = given(await appendEvents(gql, 's', ['a'])).appendEvent.events
    const again = given(await appendEvents(gql, 's', ['a', 'b'])).appendEvent.events
    expect(again[0]).toEqual(first[0])
    expect(ids(await allEvents(gql, 's'))).toEqual(['a', 'b'])
  })

  it('take 500 events at once, and no more, and none of too many', async () => {
    const gql = await rig.main.as(testTenant())
    const names = Array.from({ length: 501 }, (_, n) => `e${n}`)
    expect(codeOf(await appendEvents(gql, 's', names))).toBe('PAYLOAD_TOO_LARGE')
    given(await appendEvents(gql, 's', names.slice(0, 500)))
    expect(await allEvents(gql, 's')).toHaveLength(500)
  })

  it('refuse malformed ids, types, data and page sizes, and change nothing', async () => {
    const gql = await rig.main.as(testTenant())
    const event = { id: 'e', type: 'Told', data: {} }
    const deep: unknown = JSON.parse('['.repeat(200) + ']'.repeat(200))
    for (const [streamId, events] of [
      ['', [event]],
      ['a#b', [event]],
      ['a b', [event]],
      ['x'.repeat(201), [event]],
      ['s', []],
      ['s', [{ ...event, id: '' }]],
      ['s', [{ ...event, id: 'a\0' }]],
      ['s', [{ ...event, id: 'x'.repeat(129) }]],
      ['s', [{ ...event, type: '' }]],
      ['s', [{ ...event, type: 'x y' }]],
      ['s', [event, { ...event, id: 'f', data: { text: 'a\0b' } }]],
      ['s', [{ ...event, data: deep }]],
    ] as const) {
      expect(codeOf(await appendEvents(gql, streamId, events))).toBe('INVALID_INPUT')
    }
    const large = { ...event, data: 'x'.repeat(262_145) }
    expect(codeOf(await appendEvents(gql, 's', [large]))).toBe('PAYLOAD_TOO_LARGE')
    for (const first of [0, -1, 501]) {
      expect(codeOf(await streamEvents(gql, 's', { first }))).toBe('INVALID_INPUT')
    }
    expect(await allEvents(gql, 's')).toEqual([])
  })

  it('that the system writes take no event from anybody', async () => {
    const gql = await rig.main.as(testTenant())
    for (const streamId of ['timeline/01JGM0000000000000000000AA', 'routing', 'routing/x']) {
      expect(codeOf(await appendEvents(gql, streamId, ['e']))).toBe('FORBIDDEN')
    }
  })

  it('are appended to by owners alone, and read by every member', async () => {
    const owner = testTenant()
    given(await appendEvents(await rig.main.as(owner), 's', ['a']))
    for (const role of ['viewer', 'contributor', 'editor'] as const) {
      const gql = await rig.main.as({ ...owner, roles: [role] })
      expect(codeOf(await appendEvents(gql, 's', ['b']))).toBe('FORBIDDEN')
      expect(ids(await allEvents(gql, 's'))).toEqual(['a'])
      expect(codeOf(await streamEvents(gql, 'routing'))).toBe('FORBIDDEN')
    }
    const operator = await rig.main.as({ ...owner, roles: ['operator'] })
    expect(codeOf(await streamEvents(operator, 's'))).toBe('FORBIDDEN')
    expect(codeOf(await streamEvents(operator, 'routing'))).toBeUndefined()
    const nobody = await rig.main.as({ ...owner, roles: [] })
    expect(codeOf(await streamEvents(nobody, 's'))).toBe('FORBIDDEN')
  })

  it('of the same name are different streams in two tenants', async () => {
    const mine = await rig.main.as(testTenant())
    const yours = await rig.main.as(testTenant())
    given(await appendEvents(mine, 's', ['a']))
    expect(await allEvents(yours, 's')).toEqual([])
    given(await appendEvents(yours, 's', ['a', 'b']))
    expect(ids(await allEvents(mine, 's'))).toEqual(['a'])
  })

  it('refuse cursors that are malformed, forged, of another stream or another tenant', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const stranger = await rig.main.as(testTenant())
    const [event] = given(await appendEvents(gql, 's', ['a'])).appendEvent.events
    const theirs = given(await appendEvents(stranger, 's', ['a'])).appendEvent.events[0]
    const elsewhere = given(await appendEvents(gql, 'other', ['a'])).appendEvent.events[0]
    const good = event?.cursor ?? ''
    for (const after of [
      '',
      'garbage',
      'YzE6MQ',
      good.slice(0, -1),
      `${good}A`,
      good.replace(/^1\./, '2.'),
      good.replace('.test.', '.other.'),
      good.replace(/\.[0-9a-z]+\.(?=[^.]+$)/, '.0.'),
      theirs?.cursor ?? '',
      elsewhere?.cursor ?? '',
    ]) {
      const answer = await streamEvents(gql, 's', { after })
      expect(codeOf(answer)).toBe('CURSOR_INVALID')
      expect(answer.errors?.[0]?.extensions).toMatchObject({ http_status: 400, retryable: false })
    }
    expect(given(await streamEvents(gql, 's', { after: good })).streamEvents.nodes).toEqual([])
  })

  it('refuse a cursor from before their records were lost', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const [event] = given(await appendEvents(gql, 's', ['a'])).appendEvent.events
    await rig.loseRecords(owner)
    const answer = await streamEvents(gql, 's', { after: event?.cursor ?? '' })
    expect(codeOf(answer)).toBe('CURSOR_AHEAD')
  })

  it('answer nobody without a token', async () => {
    const response = await fetch(rig.main.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ streamEnd(streamId: "s") }' }),
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })
})
