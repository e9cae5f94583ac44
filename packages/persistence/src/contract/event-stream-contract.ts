import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backends/backend.js'
import { createEventStreamStore, type EventStreamStore } from '../stores/event-stream.js'
import type { NewStreamEvent, StoredEvent } from '../stores/event-stream-types.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

const hourMs = 3_600_000

/** What an event stream promises, whichever backend its records are on. */
export function eventStreamContract(rig: BackendRig): void {
  describe(`event stream on ${rig.type}`, () => {
    let running: RunningBackend
    let backends: readonly OpenBackend[]
    let tenant: TenantId
    let streams: EventStreamStore

    beforeAll(async () => {
      running = await rig.start(Date.now)
      backends = [running.open(), running.open()]
    })
    afterAll(async () => {
      await Promise.all(backends.map((backend) => backend.close()))
      await running.stop()
    })
    beforeEach(() => {
      tenant = testTenant().tenantId
      streams = writer(0)
    })

    /** A writer in one of two processes, with a clock that is off by so much. */
    function writer(process: number, skewMs = 0): EventStreamStore {
      const backend = backends[process] ?? backends[0]
      if (backend === undefined) throw new Error('no backend is open')
      return createEventStreamStore(backend.records.for(tenant), { now: () => Date.now() + skewMs })
    }

    it('starts empty, at position 0', async () => {
      expect(await streams.head('s')).toEqual({ position: 0, startsAfter: 0 })
      expect(await streams.listAfter('s', 0, 10)).toEqual({ events: [], startsAfter: 0 })
    })

    it('reads events back whole and in the order they were appended', async () => {
      const event = {
        ...newEvent('e1'),
        actorId: 'user:1',
        data: { title: 'Ü 😀', list: [1, null, { deep: true }] },
      }
      const [stored] = await streams.append('s', [event])
      expect(stored).toMatchObject(event)
      await streams.append('s', [newEvent('a'), newEvent('z'), newEvent('m')])
      const { events } = await streams.listAfter('s', 0, 10)
      expect(ids(events)).toEqual(['e1', 'a', 'z', 'm'])
      expect(events[0]).toEqual(stored)
      expect((await streams.head('s')).position).toBe(events.at(-1)?.position)
    })

    it('gives every event a position of its own, strictly increasing', async () => {
      for (let n = 0; n < 5; n += 1)
        await streams.append('s', [newEvent(`${n}a`), newEvent(`${n}b`)])
      const positions = (await all(streams, 's')).map((event) => event.position)
      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
    })

    it('continues after every position, with exactly the events behind it', async () => {
      await streams.append('s', many(12))
      const events = await all(streams, 's')
      for (const [index, event] of events.entries()) {
        expect((await streams.listAfter('s', event.position, 50)).events).toEqual(
          events.slice(index + 1),
        )
        // A position between two events, as no reader ever gets it, must do no harm either.
        expect((await streams.listAfter('s', event.position - 1, 1)).events[0]).toEqual(event)
      }
    })

    it('never inserts before a position that a reader holds, however wrong a clock is', async () => {
      const ahead = writer(0, hourMs)
      const behind = writer(1, -hourMs)
      const order: string[] = []
      let position = 0
      const seen: StoredEvent[] = []
      for (let n = 0; n < 10; n += 1) {
        const id = `e${n}`
        await (n % 3 === 0 ? ahead : behind).append('s', [newEvent(id)])
        order.push(id)
        const { events } = await streams.listAfter('s', position, 10)
        seen.push(...events)
        position = events.at(-1)?.position ?? position
      }
      expect(ids(seen)).toEqual(order)
      expect(await all(streams, 's')).toEqual(seen)
    })

    it('loses no event to a reader who follows while skewed writers contend', async () => {
      const writers = [writer(0, hourMs), writer(1, -hourMs), writer(0), writer(1, 7)]
      let appending = true
      const seen: StoredEvent[] = []
      const reading = (async () => {
        for (;;) {
          const wasAppending = appending
          const { events } = await streams.listAfter('s', seen.at(-1)?.position ?? 0, 3)
          seen.push(...events)
          if (events.length === 0 && !wasAppending) return
        }
      })()
      await Promise.all(
        writers.map(async (store, w) => {
          for (let n = 0; n < 8; n += 1) await store.append('s', [newEvent(`${w}-${n}`)])
        }),
      )
      appending = false
      await reading
      expect(seen).toEqual(await all(streams, 's'))
      expect(seen).toHaveLength(32)
      for (const w of writers.keys()) {
        const own = ids(seen).filter((id) => id.startsWith(`${w}-`))
        expect(own).toEqual(Array.from({ length: 8 }, (_, n) => `${w}-${n}`))
      }
    })

    it('appends the same event once, and returns the stored one for every repetition', async () => {
      const [first] = await streams.append('s', [newEvent('same', { n: 1 })])
      const [again] = await streams.append('s', [newEvent('same', { n: 2 })])
      expect(again).toEqual(first)
      expect(await all(streams, 's')).toEqual([first])
    })

    it('appends the same event once when many try at the same time', async () => {
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, n) => writer(n % 2).append('s', [newEvent('same', { n })])),
      )
      const events = await all(streams, 's')
      expect(events).toHaveLength(1)
      for (const [stored] of results) expect(stored).toEqual(events[0])
    })

    it('appends only what is new of a batch that overlaps an earlier one', async () => {
      await streams.append('s', [newEvent('b'), newEvent('d')])
      const stored = await streams.append(
        's',
        ['a', 'b', 'c', 'd', 'a'].map((id) => newEvent(id)),
      )
      expect(ids(stored)).toEqual(['a', 'b', 'c', 'd', 'a'])
      expect(ids(await all(streams, 's'))).toEqual(['b', 'd', 'a', 'c'])
    })

    it('keeps a batch together when batches overlap at the same time', async () => {
      await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          writer(n % 2).append('s', [newEvent(`${n}a`), newEvent('shared'), newEvent(`${n}b`)]),
        ),
      )
      const order = ids(await all(streams, 's'))
      expect(order).toHaveLength(13)
      for (let n = 0; n < 6; n += 1) {
        const between = order.slice(order.indexOf(`${n}a`) + 1, order.indexOf(`${n}b`))
        expect(between.filter((id) => id !== 'shared')).toEqual([])
      }
    })

    it('appends as many at once as it says, and refuses one more and none at all', async () => {
      const most = streams.maxAppendEvents
      expect(await streams.append('s', many(most))).toHaveLength(most)
      await expect(streams.append('s', many(most + 1))).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
      })
      await expect(streams.append('s', [])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      expect(await streams.append('s', many(most))).toHaveLength(most)
      expect(await all(streams, 's')).toHaveLength(most)
    })

    it('writes nothing of a batch in which one event cannot be kept', async () => {
      await expect(
        streams.append('s', [newEvent('fine'), newEvent('bad', { text: 'a\0b' })]),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      expect(await streams.head('s')).toEqual({ position: 0, startsAfter: 0 })
    })

    it('keeps streams apart whose names look alike, and tenants always', async () => {
      await streams.append('a', [newEvent('1')])
      await streams.append('a#event', [newEvent('2')])
      await streams.append('a%23event', [newEvent('3')])
      expect(ids(await all(streams, 'a'))).toEqual(['1'])
      expect(ids(await all(streams, 'a#event'))).toEqual(['2'])
      tenant = testTenant().tenantId
      expect(await all(writer(0), 'a')).toEqual([])
    })

    it('keeps its records under the declared keys', async () => {
      const [stored] = await streams.append('t/1', [newEvent('e#1')])
      const table = backends[0]?.records.for(tenant)
      const page = await table?.query('stream#t/1', { limit: 10 })
      const ts = String(stored?.position).padStart(16, '0')
      expect(page?.records.map((record) => record.sk)).toEqual([
        `event#${ts}#e%231`,
        'head',
        'id#e%231',
      ])
    })
  })
}

function newEvent(id: string, data: NewStreamEvent['data'] = {}): NewStreamEvent {
  return { id, type: 'Told', occurredAt: new Date('2025-01-01T00:00:00Z'), actorId: null, data }
}

function many(count: number): readonly NewStreamEvent[] {
  return Array.from({ length: count }, (_, n) => newEvent(`e${n}`))
}

function ids(events: readonly { readonly id: string }[]): readonly string[] {
  return events.map((event) => event.id)
}

async function all(streams: EventStreamStore, streamId: string): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = []
  for (;;) {
    const page = await streams.listAfter(streamId, events.at(-1)?.position ?? 0, 500)
    if (page.events.length === 0) return events
    events.push(...page.events)
  }
}
