import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '@heirloom/errors'
import {
  createConsumer,
  once,
  type ConsumerOptions,
  type DomainEvent,
  type Service,
} from '@heirloom/events'
import { testLogger, testTenant } from '@heirloom/testkit'
import {
  createGate,
  drain,
  newId,
  startEventRig,
  storyDeleted,
  type EventRig,
} from './event-rig.js'

let rig: EventRig
let url: string
let deadUrl: string
const running: Service[] = []

beforeAll(async () => {
  rig = await startEventRig()
  url = rig.addresses.queues.first.url
  deadUrl = rig.addresses.queues.first.deadLetterUrl
})
beforeEach(async () => {
  await drain(rig, url)
  await drain(rig, deadUrl)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((consumer) => consumer.stop()))
})
afterAll(() => rig.close())

const publish = (events: readonly DomainEvent[]) => rig.bus.publish(events, {})
const within = { timeout: 15_000, interval: 20 }

async function consume(
  handle: ConsumerOptions['handle'],
  options: Partial<ConsumerOptions> = {},
): Promise<Service> {
  const consumer = createConsumer({
    name: 'test',
    bus: rig.bus,
    queueUrl: url,
    logger: testLogger(),
    handle,
    ...options,
  })
  running.push(consumer)
  await consumer.start()
  return consumer
}

describe('a consumer', () => {
  it('handles the events of a resource in order, and resources side by side', async () => {
    const tenant = testTenant()
    const [slow, fast] = [newId(), newId()]
    const gate = createGate()
    const handled: DomainEvent[] = []
    const consumer = await consume(async (event) => {
      if (event.resource.id === slow) await gate.passed
      handled.push(event)
    })
    const ofSlow = [1, 2, 3].map((revision) => storyDeleted(slow, revision, tenant))
    const ofFast = [1, 2, 3].map((revision) => storyDeleted(fast, revision, tenant))
    await publish([...ofSlow, ...ofFast])
    await vi.waitFor(() => expect(handled).toEqual(ofFast), within)
    gate.open()
    await vi.waitFor(() => expect(handled).toEqual([...ofFast, ...ofSlow]), within)
    await consumer.stop()
    expect(await drain(rig, url)).toEqual([])
  })

  it('applies an event once that the bus delivers twice', async () => {
    const event = storyDeleted(newId(), 1)
    const copy = { ...event, resource: { kind: 'Story', id: `${event.resource.id}-again` } }
    let applied = 0
    let seen = 0
    const consumer = await consume(async (delivered) => {
      await rig.app.for(delivered.tenant_id).transaction((trx) =>
        once(trx, 'test', delivered, async () => {
          applied += 1
        }),
      )
      seen += 1
    })
    await publish([event])
    await vi.waitFor(() => expect(seen).toBe(1), within)
    // The bus forgets after five minutes; a second topic without that memory plays the time.
    await publishUnremembered(copy)
    await vi.waitFor(() => expect(seen).toBe(2), within)
    await consumer.stop()
    expect(applied).toBe(1)
  })

  it('applies nothing twice when the first attempt fails after its change', async () => {
    const event = storyDeleted(newId(), 1)
    const applied: string[] = []
    let attempts = 0
    const consumer = await consume(async (delivered) => {
      attempts += 1
      await rig.app.for(delivered.tenant_id).transaction((trx) =>
        once(trx, 'test', delivered, async () => {
          applied.push(delivered.id)
          if (attempts === 1) throw new Error('the process died before the commit')
        }),
      )
    })
    await publish([event])
    await vi.waitFor(() => expect(attempts).toBe(2), within)
    await consumer.stop()
    expect(applied).toEqual([event.id, event.id])
    expect(await drain(rig, deadUrl)).toEqual([])
  })

  it('sends poison to the dead letters without holding up other resources or what is behind', async () => {
    const story = newId()
    const tenant = testTenant()
    const poison = { ...storyDeleted(story, 1, tenant), version: 99 }
    const behind = storyDeleted(story, 2, tenant)
    const other = storyDeleted(newId(), 1)
    const handled: string[] = []
    const consumer = await consume(async (event) => void handled.push(event.id))
    await publish([poison, behind, other])
    await vi.waitFor(async () => expect(await drain(rig, deadUrl)).toEqual([poison]), within)
    await vi.waitFor(() => expect(handled.toSorted()).toEqual([behind.id, other.id].toSorted()))
    await consumer.stop()
  })

  it('tries an event again that its handler refuses, then gives it to the dead letters', async () => {
    const refused = storyDeleted(newId(), 1)
    let attempts = 0
    const consumer = await consume(async () => {
      attempts += 1
      throw new Error('refused')
    })
    await publish([refused])
    await vi.waitFor(async () => expect(await drain(rig, deadUrl)).toEqual([refused]), within)
    await consumer.stop()
    expect(attempts).toBe(2)
  })

  it('waits out an outage of its own database without using up the receives of the event', async () => {
    const event = storyDeleted(newId(), 1)
    let attempts = 0
    const consumer = await consume(async () => {
      attempts += 1
      if (attempts < 5) throw new AppError('BACKEND_UNAVAILABLE', 'the database is away')
    })
    await publish([event])
    await vi.waitFor(() => expect(attempts).toBe(5), within)
    await consumer.stop()
    expect(await drain(rig, url)).toEqual([])
    expect(await drain(rig, deadUrl)).toEqual([])
  })

  it('acknowledges types that it does not know, when it says which it knows', async () => {
    const known = storyDeleted(newId(), 1)
    const unknown = { ...storyDeleted(newId(), 1), type: 'StoryWhispered' }
    const handled: string[] = []
    const consumer = await consume(async (event) => void handled.push(event.id), {
      types: ['StoryDeleted'],
    })
    await publish([unknown, known])
    await vi.waitFor(() => expect(handled).toEqual([known.id]), within)
    await consumer.stop()
    expect(await drain(rig, deadUrl)).toEqual([])
  })

  it('finishes what is in hand when it is stopped, and takes nothing more', async () => {
    const [first, second] = [storyDeleted(newId(), 1), storyDeleted(newId(), 1)]
    const begun = createGate()
    const gate = createGate()
    const handled: string[] = []
    const consumer = await consume(
      async (event) => {
        begun.open()
        await gate.passed
        handled.push(event.id)
      },
      { concurrency: 1 },
    )
    await publish([first])
    await begun.passed
    const stopped = consumer.stop()
    await publish([second])
    gate.open()
    await stopped
    expect(handled).toEqual([first.id])
    expect(await drain(rig, url)).toEqual([second])
  })

  it('stops without waiting out its long poll', async () => {
    const consumer = await consume(async () => undefined)
    const from = performance.now()
    await consumer.stop()
    expect(performance.now() - from).toBeLessThan(2_000)
  })

  it('lets no tenant mark the events of another as applied', async () => {
    const event = storyDeleted(newId(), 1)
    const stranger = testTenant()
    await expect(
      rig.app.for(stranger.tenantId).transaction((trx) => once(trx, 'test', event, async () => {})),
    ).rejects.toThrow(/row-level security/)
  })
})

/** The same event id in another message, as a bus without deduplication would deliver it. */
async function publishUnremembered(event: DomainEvent): Promise<void> {
  const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs')
  const sqs = new SQSClient(rig.aws)
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: JSON.stringify(event),
      MessageGroupId: event.resource.id,
      MessageDeduplicationId: newId(),
    }),
  )
  sqs.destroy()
}
