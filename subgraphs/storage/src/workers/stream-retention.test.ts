import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, testLogger, testTenant } from '@heirloom/testkit'
import { parseRetention } from '../domain/retention.js'
import { allEvents, appendEvents, codeOf, given, ids, streamEvents } from '../testing/operations.js'
import { startStorageRig, type StorageRig } from '../testing/rig.js'
import { createStreamRetention, type StreamRetention } from './stream-retention.js'

describe('the retention of streams', () => {
  let rig: StorageRig
  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterAll(() => rig.close())

  function retention(rules: object, intervalMs = 3_600_000): StreamRetention {
    return createStreamRetention({
      storage: rig.main.storage,
      rules: parseRetention(JSON.stringify(rules)),
      intervalMs,
      logger: testLogger(),
    })
  }

  const names = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, n) => `e${n}`)

  it('trims the streams that a rule is for, of this tenant and of no other', async () => {
    const [owner, other] = [testTenant(), testTenant()]
    const [mine, theirs] = [await rig.main.as(owner), await rig.main.as(other)]
    for (const gql of [mine, theirs]) {
      for (const stream of ['log/a', 'log/b-2', 'kept']) {
        given(await appendEvents(gql, stream, names(9)))
      }
    }
    const worker = retention([{ tenant_id: owner.tenantId, streams: 'log/', max_events: 4 }])
    expect(await worker.trimAll()).toBe(10)
    for (const stream of ['log/a', 'log/b-2']) {
      expect(ids(await allEvents(mine, stream))).toEqual(['e5', 'e6', 'e7', 'e8'])
      expect(await allEvents(theirs, stream)).toHaveLength(9)
    }
    expect(await allEvents(mine, 'kept')).toHaveLength(9)
    expect(await worker.trimAll()).toBe(0)
  })

  it('tells readers and subscribers that are too late where the stream starts', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const events = given(await appendEvents(gql, 's', names(6))).appendEvent.events
    await retention([{ tenant_id: owner.tenantId, max_events: 2 }]).trimAll()
    const late = await streamEvents(gql, 's', { after: events[1]?.cursor ?? null })
    expect(codeOf(late)).toBe('CURSOR_EXPIRED')
    const details: unknown = late.errors?.[0]?.extensions?.['details']
    const { startsAt } = details as { startsAt: string }
    expect(startsAt).toBe(events[3]?.cursor)
    // Another process holds nothing of it in memory.
    const process = await rig.startProcess()
    const subscriber = await process.subscriber(owner)
    await expect(subscriber.eventStream('s', events[1]?.cursor).take(1)).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
    })
    expect(ids(await subscriber.eventStream('s', startsAt).take(2))).toEqual(['e4', 'e5'])
    await subscriber.close()
    await process.close()
  })

  it('goes round by itself until it is stopped', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    given(await appendEvents(gql, 's', names(5)))
    const worker = retention([{ tenant_id: owner.tenantId, max_events: 1 }], 5)
    await worker.start()
    await eventually(async () => (await allEvents(gql, 's')).length === 1)
    given(await appendEvents(gql, 's', ['next', 'last']))
    await eventually(async () => ids(await allEvents(gql, 's')).join() === 'last')
    await worker.stop()
    given(await appendEvents(gql, 's', ['a', 'b']))
    expect(await allEvents(gql, 's')).toHaveLength(3)
  })
})
