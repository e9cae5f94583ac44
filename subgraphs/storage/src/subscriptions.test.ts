import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import { allEvents, appendEvents, given, ids, streamEnd } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'
import type { Subscription } from './testing/subscriber.js'

describe('stream subscriptions', () => {
  let rig: StorageRig
  beforeAll(async () => {
    // Polls once a minute: what arrives within a test arrives by its wake-up.
    rig = await startStorageRig()
  })
  afterAll(() => rig.close())

  it('deliver what came after the cursor, and then what is appended', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const subscriber = await rig.main.subscriber(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    given(await appendEvents(gql, 's', ['a', 'b']))
    const events = subscriber.eventStream('s', end)
    expect(ids(await events.take(2))).toEqual(['a', 'b'])
    given(await appendEvents(gql, 's', ['c']))
    expect(ids(await events.take(1))).toEqual(['c'])
    await subscriber.close()
  })

  it('deliver events that another process appends', async () => {
    const owner = testTenant()
    const other = await rig.startProcess()
    const subscriber = await rig.main.subscriber(owner)
    const end = given(await streamEnd(await rig.main.as(owner), 's')).streamEnd
    const events = subscriber.eventStream('s', end)
    const gql = await other.as(owner)
    given(await appendEvents(gql, 's', ['a']))
    expect(ids(await events.take(1))).toEqual(['a'])
    given(await appendEvents(gql, 's', ['b']))
    expect(ids(await events.take(1))).toEqual(['b'])
    await subscriber.close()
    await other.close()
  })

  it('start now when they have no cursor', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    given(await appendEvents(gql, 's', ['before']))
    const subscriber = await rig.main.subscriber(owner)
    const events = subscriber.eventStream('s')
    const first = events.take(1)
    // Nobody tells when a subscription has begun: append until one arrives.
    let appended = 0
    const arrived = first.then(() => true)
    while (!(await Promise.race([arrived, appendNext()]))) appended += 1
    async function appendNext(): Promise<false> {
      given(await appendEvents(gql, 's', [`after-${appended}`]))
      return false
    }
    const [event] = await first
    expect(event?.id).toMatch(/^after-/)
    await subscriber.close()
  })

  it('go on after every position with exactly the events behind it', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const names = Array.from({ length: 12 }, (_, n) => `e${n}`)
    given(await appendEvents(gql, 's', names))
    const subscriber = await rig.main.subscriber(owner)
    const events = await allEvents(gql, 's')
    for (const [index, event] of events.entries()) {
      const rest = names.slice(index + 1)
      const subscription = subscriber.eventStream('s', event.cursor)
      expect(ids(await subscription.take(rest.length))).toEqual(rest)
      await subscription.end()
    }
    await subscriber.close()
  })

  it('deliver every event of many writers with skewed clocks once and in order', async () => {
    const owner = testTenant()
    const ahead = await rig.startProcess({ now: () => Date.now() + 3_600_000 })
    const behind = await rig.startProcess({ now: () => Date.now() - 3_600_000 })
    const writers = [rig.main, ahead, behind]
    const start = given(await streamEnd(await rig.main.as(owner), 's')).streamEnd
    const subscribers = await Promise.all(writers.map((process) => process.subscriber(owner)))
    const received = subscribers.map((subscriber) => subscriber.eventStream('s', start).take(45))
    await Promise.all(
      writers.map(async (process, w) => {
        const gql = await process.as(owner)
        for (let n = 0; n < 15; n += 1) given(await appendEvents(gql, 's', [`${w}-${n}`]))
      }),
    )
    const log = ids(await allEvents(await rig.main.as(owner), 's'))
    expect(log).toHaveLength(45)
    for (const events of await Promise.all(received)) expect(ids(events)).toEqual(log)
    await Promise.all(subscribers.map((subscriber) => subscriber.close()))
    await ahead.close()
    await behind.close()
  })

  it('lose and repeat nothing across cut sockets while events keep coming', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    let cursor = given(await streamEnd(gql, 's')).streamEnd
    const names = Array.from({ length: 40 }, (_, n) => `e${n}`)
    const writing = (async () => {
      for (const name of names) given(await appendEvents(gql, 's', [name]))
    })()
    const received: string[] = []
    while (received.length < names.length) {
      const subscriber = await rig.main.subscriber(owner)
      const events = subscriber.eventStream('s', cursor)
      const some = await events.take(Math.min(3, names.length - received.length))
      received.push(...ids(some))
      cursor = some.at(-1)?.cursor ?? cursor
      subscriber.cut()
    }
    await writing
    expect(received).toEqual(names)
  })

  it('lose and repeat nothing when the server goes away and comes back', async () => {
    const owner = testTenant()
    const writer = await rig.main.as(owner)
    let cursor = given(await streamEnd(writer, 's')).streamEnd
    const received: string[] = []
    for (let round = 0; round < 3; round += 1) {
      const server = await rig.startProcess()
      const subscriber = await server.subscriber(owner)
      const events = subscriber.eventStream('s', cursor)
      given(await appendEvents(writer, 's', [`${round}a`, `${round}b`]))
      const before = round === 0 ? 2 : 3
      for (const event of await events.take(before)) {
        received.push(event.id)
        cursor = event.cursor
      }
      const interrupted = codeOfEnd(events)
      await server.close()
      expect(await interrupted).toBe('disconnected')
      given(await appendEvents(writer, 's', [`${round}c`]))
    }
    const subscriber = await rig.main.subscriber(owner)
    received.push(...ids(await subscriber.eventStream('s', cursor).take(1)))
    expect(received).toEqual(ids(await allEvents(writer, 's')))
    await subscriber.close()
  })

  it('of a consumer that stalls hold up no other', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const subscriber = await rig.main.subscriber(owner)
    const stalled = await rig.main.stalledSubscriber(owner, { streamId: 's', after: end })
    const events = subscriber.eventStream('s', end)
    const large = Array.from({ length: 60 }, (_, n) => ({
      id: `e${n}`,
      type: 'Large',
      data: 'x'.repeat(200_000),
    }))
    for (const event of large) given(await appendEvents(gql, 's', [event]))
    expect(await events.take(60)).toHaveLength(60)
    // Twelve megabytes do not fit into the buffers of one connection: that one still waits.
    expect(await stalled.resume(60)).toEqual(large.map((event) => event.id))
    stalled.close()
    await subscriber.close()
  })

  it('end with a name when the cursor is no good, and never start from now instead', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const stranger = await rig.main.as(testTenant())
    const [mine] = given(await appendEvents(gql, 's', ['a'])).appendEvent.events
    const [theirs] = given(await appendEvents(stranger, 's', ['a'])).appendEvent.events
    const subscriber = await rig.main.subscriber(owner)
    for (const cursor of ['', 'garbage', theirs?.cursor ?? '', `${mine?.cursor}x`]) {
      expect(await codeOfEnd(subscriber.eventStream('s', cursor))).toBe('CURSOR_INVALID')
    }
    await rig.loseRecords(owner)
    expect(await codeOfEnd(subscriber.eventStream('s', mine?.cursor))).toBe('CURSOR_AHEAD')
    await subscriber.close()
  })

  it('are authorised anew at every resume', async () => {
    const owner = testTenant()
    const [event] = given(await appendEvents(await rig.main.as(owner), 's', ['a'])).appendEvent
      .events
    const demoted = await rig.main.subscriber({ ...owner, roles: [] })
    expect(await codeOfEnd(demoted.eventStream('s', event?.cursor))).toBe('FORBIDDEN')
    await demoted.close()
  })

  it('show another tenant nothing, also not on a stream of the same name', async () => {
    const owner = testTenant()
    const stranger = testTenant()
    const end = given(await streamEnd(await rig.main.as(stranger), 's')).streamEnd
    const subscriber = await rig.main.subscriber(stranger)
    const events = subscriber.eventStream('s', end)
    given(await appendEvents(await rig.main.as(owner), 's', ['secret']))
    given(await appendEvents(await rig.main.as(stranger), 's', ['own']))
    expect(ids(await events.take(1))).toEqual(['own'])
    await subscriber.close()
  })
})

/** Why a subscription ended that should deliver nothing. */
async function codeOfEnd(subscription: Subscription): Promise<string> {
  return subscription.take(1).then(
    ([event]) => `delivered ${event?.id}`,
    (error: unknown) =>
      error instanceof Error && 'code' in error ? String(error.code) : 'unknown',
  )
}
