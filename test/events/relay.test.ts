import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createRelay,
  once,
  republishSince,
  writeOutbox,
  type DomainEvent,
  type EventBus,
  type Service,
} from '@heirloom/events'
import { AppError } from '@heirloom/errors'
import { testLogger, testTenant } from '@heirloom/testkit'
import {
  commit,
  createGate,
  drain,
  newId,
  startEventRig,
  storyDeleted,
  type EventRig,
} from './event-rig.js'

let rig: EventRig
const running: Service[] = []

beforeAll(async () => {
  rig = await startEventRig()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((relay) => relay.stop()))
  await drain(rig, rig.addresses.queues.first.url)
  await drain(rig, rig.addresses.queues.second.url)
  await sql`delete from outbox`.execute(rig.worker.unbound)
})
afterAll(() => rig.close())

async function startRelay(
  bus: Pick<EventBus, 'publish'> = rig.bus,
  options: { retentionMs?: number; pollIntervalMs?: number; batchSize?: number } = {},
): Promise<Service> {
  const relay = createRelay({
    database: rig.worker,
    listenUrl: rig.db.workerUrl,
    bus,
    logger: testLogger(),
    ...options,
  })
  running.push(relay)
  await relay.start()
  return relay
}

async function pending(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from outbox where published_at is null`.execute(
    rig.worker.unbound,
  )
  return rows[0]?.count ?? -1
}

async function untilPublished(): Promise<void> {
  await vi.waitFor(async () => expect(await pending()).toBe(0), { timeout: 15_000, interval: 20 })
}

const ids = (events: readonly DomainEvent[]): readonly string[] => events.map(({ id }) => id)

describe('the relay', () => {
  it('carries an event to every queue that asked for its type, with its attributes', async () => {
    const event = storyDeleted(newId(), 1)
    await startRelay()
    await commit(rig, [event])
    await untilPublished()
    expect(await drain(rig, rig.addresses.queues.first.url)).toEqual([event])
    expect(await drain(rig, rig.addresses.queues.second.url)).toEqual([event])
  })

  it('is woken by the commit long before its poll', async () => {
    await startRelay(rig.bus, { pollIntervalMs: 60_000 })
    await commit(rig, [storyDeleted(newId(), 1)])
    await untilPublished()
    expect(await pending()).toBe(0)
  })

  it('keeps the order of each resource over many events', async () => {
    const tenant = testTenant()
    const stories = [newId(), newId(), newId()]
    const events = Array.from({ length: 60 }, (_, index) =>
      storyDeleted(stories[index % 3] ?? '', index + 1, tenant),
    )
    await commit(rig, events)
    await startRelay(rig.bus, { batchSize: 7 })
    await untilPublished()
    const arrived = await drain(rig, rig.addresses.queues.first.url)
    for (const story of stories) {
      const of = (list: readonly DomainEvent[]): readonly string[] =>
        ids(list.filter(({ resource }) => resource.id === story))
      expect(of(arrived)).toEqual(of(events))
    }
  })

  it('publishes a row whose transaction commits after a later row was published', async () => {
    const late = storyDeleted(newId(), 1)
    const early = storyDeleted(newId(), 1)
    const written = createGate()
    const release = createGate()
    const slow = rig.app.for(late.tenant_id).transaction(async (trx) => {
      await writeOutbox(trx, [late])
      written.open()
      await release.passed
    })
    await written.passed
    await commit(rig, [early])
    await startRelay()
    const url = rig.addresses.queues.first.url
    await vi.waitFor(async () => expect(ids(await drain(rig, url))).toEqual([early.id]))
    release.open()
    await slow
    await untilPublished()
    expect(ids(await drain(rig, url))).toEqual([late.id])
  })

  it('publishes nothing of a transaction that rolls back', async () => {
    const event = storyDeleted(newId(), 1)
    await startRelay()
    const failing = rig.app.for(event.tenant_id).transaction(async (trx) => {
      await writeOutbox(trx, [event])
      throw new AppError('CONFLICT', 'rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    await commit(rig, [storyDeleted(newId(), 1)])
    await untilPublished()
    expect(ids(await drain(rig, rig.addresses.queues.first.url))).not.toContain(event.id)
  })

  it('publishes again what it published before a crash, and a consumer applies it once', async () => {
    const event = storyDeleted(newId(), 1)
    const published: string[] = []
    await commit(rig, [event])
    // The first call reaches the bus and dies before anything can be marked.
    const crashing: Pick<EventBus, 'publish'> = {
      publish: async (events) => {
        published.push(...ids(events))
        if (published.length === 1) throw new Error('killed')
        return { published: new Set(ids(events)), failures: [] }
      },
    }
    await startRelay(crashing)
    await untilPublished()
    expect(published).toEqual([event.id, event.id])

    let applied = 0
    for (const _ of published) {
      await rig.app.for(event.tenant_id).transaction((trx) =>
        once(trx, 'test', event, async () => {
          applied += 1
        }),
      )
    }
    expect(applied).toBe(1)
  })

  it('marks what the bus confirmed, and holds back what stands behind a refusal', async () => {
    const tenant = testTenant()
    const [blocked, free] = [newId(), newId()]
    const first = storyDeleted(blocked, 1, tenant)
    const second = storyDeleted(blocked, 2, tenant)
    const other = storyDeleted(free, 1, tenant)
    let refusing = true
    const calls: (readonly string[])[] = []
    const picky: Pick<EventBus, 'publish'> = {
      publish: async (events, options) => {
        calls.push(ids(events))
        if (!refusing) return rig.bus.publish(events, options)
        refusing = false
        const outcome = await rig.bus.publish([other], options)
        const error = new AppError('BACKEND_UNAVAILABLE', 'throttled')
        return { published: outcome.published, failures: [{ event: first, error }] }
      },
    }
    await commit(rig, [first, second, other])
    await startRelay(picky)
    await untilPublished()
    expect(calls).toEqual([
      [first.id, second.id, other.id],
      [first.id, second.id],
    ])
    expect(ids(await drain(rig, rig.addresses.queues.first.url))).toEqual([
      other.id,
      first.id,
      second.id,
    ])
  })

  it('leaves everything pending while the bus is away, without a hot loop, and then goes on', async () => {
    let away = true
    let calls = 0
    const flaky: Pick<EventBus, 'publish'> = {
      publish: async (events, options) => {
        calls += 1
        if (!away) return rig.bus.publish(events, options)
        const error = new AppError('BACKEND_UNAVAILABLE', 'away')
        return { published: new Set(), failures: events.map((event) => ({ event, error })) }
      },
    }
    await startRelay(flaky)
    await commit(rig, [storyDeleted(newId(), 1)])
    await vi.waitFor(() => expect(calls).toBe(3), { timeout: 5_000 })
    expect(await pending()).toBe(1)
    away = false
    await untilPublished()
    expect(calls).toBeLessThan(6)
  })

  it('keeps order and loses nothing with two relays, one of which stops on the way', async () => {
    const tenant = testTenant()
    const story = newId()
    const events = Array.from({ length: 40 }, (_, index) => storyDeleted(story, index + 1, tenant))
    await commit(rig, events)
    const first = await startRelay(rig.bus, { batchSize: 3 })
    await startRelay(rig.bus, { batchSize: 3, pollIntervalMs: 50 })
    await first.stop()
    await untilPublished()
    expect(ids(await drain(rig, rig.addresses.queues.first.url))).toEqual(ids(events))
  })

  it('sends again on request what a bus has forgotten', async () => {
    const event = storyDeleted(newId(), 1)
    const published: string[] = []
    const recording: Pick<EventBus, 'publish'> = {
      publish: async (events) => {
        published.push(...ids(events))
        return { published: new Set(ids(events)), failures: [] }
      },
    }
    await startRelay(recording)
    const before = new Date(Date.now() - 60_000)
    await commit(rig, [event])
    await untilPublished()
    expect(await republishSince(rig.worker, before)).toBe(1)
    await vi.waitFor(() => expect(published).toEqual([event.id, event.id]))
    expect(await republishSince(rig.worker, new Date(Date.now() + 60_000))).toBe(0)
  })

  it('deletes published rows when their retention is over, and pending ones never', async () => {
    await commit(rig, [storyDeleted(newId(), 1), storyDeleted(newId(), 1)])
    await sql`update outbox set published_at = now() - interval '8 days'
      where seq = (select min(seq) from outbox)`.execute(rig.worker.unbound)
    await sql`update outbox set created_at = now() - interval '80 days'`.execute(rig.worker.unbound)
    await startRelay()
    await vi.waitFor(async () => {
      const { rows } = await sql<{ published: boolean }>`
        select published_at is not null as published from outbox`.execute(rig.worker.unbound)
      expect(rows).toEqual([{ published: true }])
    })
  })

  it('publishes 2,000 events in seconds', async () => {
    const tenant = testTenant()
    const events = Array.from({ length: 2_000 }, () => storyDeleted(newId(), 1, tenant))
    await rig.app.for(tenant.tenantId).transaction((trx) => writeOutbox(trx, events))
    await startRelay()
    await untilPublished()
    expect(new Set(ids(await drain(rig, rig.addresses.queues.first.url))).size).toBe(2_000)
  }, 30_000)
})
