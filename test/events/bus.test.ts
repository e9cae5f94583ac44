import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createSnsSqsBus, ensureBus, writeOutbox, type DomainEvent } from '@heirloom/events'
import { hasCode } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import { drain, newId, startEventRig, storyDeleted, type EventRig } from './event-rig.js'

let rig: EventRig

beforeAll(async () => {
  rig = await startEventRig()
})
afterEach(async () => {
  await drain(rig, rig.addresses.queues.first.url)
})
afterAll(() => rig.close())

const tenant = testTenant()

function withText(event: DomainEvent, text: string): DomainEvent {
  return { ...event, payload: { ...event.payload, text } }
}

describe('the bus', () => {
  it('reports the one event that it refuses, holds back what is behind it, takes the rest', async () => {
    const story = newId()
    const tooBig = withText(storyDeleted(story, 1, tenant), 'x'.repeat(270_000))
    const behind = storyDeleted(story, 2, tenant)
    const others = [storyDeleted(newId(), 1, tenant), storyDeleted(newId(), 1, tenant)]
    const outcome = await rig.bus.publish([tooBig, behind, ...others], {})
    expect(outcome.failures.map(({ event }) => event.id)).toEqual([tooBig.id])
    expect([...outcome.published].toSorted()).toEqual(others.map(({ id }) => id).toSorted())
    const arrived = await drain(rig, rig.addresses.queues.first.url)
    expect(arrived.map(({ id }) => id).toSorted()).toEqual([...outcome.published].toSorted())
  })

  it('carries large events by few and small ones by ten', async () => {
    const events = [
      ...Array.from({ length: 6 }, () => withText(storyDeleted(newId(), 1), 'é'.repeat(60_000))),
      ...Array.from({ length: 25 }, () => storyDeleted(newId(), 1)),
    ]
    const outcome = await rig.bus.publish(events, {})
    expect(outcome.failures).toEqual([])
    const arrived = await drain(rig, rig.addresses.queues.first.url)
    expect(new Set(arrived.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
  })

  it('carries text that XML cannot, unchanged', async () => {
    const event = withText(storyDeleted(newId(), 1), '\u0001 \u0085 \ufffe \uffff <&> "🚢" \u2028')
    await rig.bus.publish([event], {})
    expect(await drain(rig, rig.addresses.queues.first.url)).toEqual([event])
  })

  it('keeps resources apart whose ids no message group could have', async () => {
    const events = ['zoë', 'x'.repeat(128)].map((id) => storyDeleted(id, 1, tenant))
    expect((await rig.bus.publish(events, {})).failures).toEqual([])
    expect(await drain(rig, rig.addresses.queues.first.url)).toHaveLength(2)
  })

  it('reports every event of a bus that is away as one that can be tried again', async () => {
    const away = createSnsSqsBus({
      ...rig.aws,
      endpoint: 'http://127.0.0.1:9',
      topicArn: rig.addresses.topicArn,
    })
    const { published, failures } = await away.publish([storyDeleted(newId(), 1)], {})
    expect(published.size).toBe(0)
    expect(failures.every(({ error }) => hasCode(error, 'BACKEND_UNAVAILABLE'))).toBe(true)
    const receiving = away.receive(rig.addresses.queues.first.url, { max: 1, waitSeconds: 0 })
    await expect(receiving).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    away.close()
  })

  it('is declared twice as if once', async () => {
    const again = await ensureBus({
      ...rig.aws,
      topicName: 'test-events.fifo',
      queues: { first: {}, second: { types: ['StoryDeleted'] } },
      maxReceives: 2,
    })
    expect(again).toEqual(rig.addresses)
    const event = storyDeleted(newId(), 1)
    await rig.bus.publish([event], {})
    expect(await drain(rig, again.queues.first.url)).toEqual([event])
  })
})

describe('the outbox', () => {
  const write = (event: DomainEvent): Promise<void> =>
    rig.app.for(event.tenant_id).transaction((trx) => writeOutbox(trx, [event]))

  it('refuses what no consumer could read, and what the bus could not carry', async () => {
    const event = storyDeleted(newId(), 1)
    await expect(write({ ...event, version: 7 })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(write(withText(event, 'a\0b'))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(write(withText(event, 'x'.repeat(260_000)))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    })
  })

  it('mends half a surrogate pair, and leaves a text that only looks like one alone', async () => {
    await expect(write(withText(storyDeleted(newId(), 1), 'a\ud800b \\ud800'))).resolves.toBe(
      undefined,
    )
  })

  it('lets no tenant write events of another, or read any', async () => {
    const event = storyDeleted(newId(), 1)
    const stranger = rig.app.for(testTenant().tenantId)
    await expect(stranger.transaction((trx) => writeOutbox(trx, [event]))).rejects.toThrow(
      /row-level security/,
    )
  })
})
