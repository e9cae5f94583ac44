import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backends/backend.js'
import { createEventStreamStore, type EventStreamStore } from '../stores/event-stream.js'
import type { NewStreamEvent, StoredEvent } from '../stores/event-stream-types.js'
import type { RecordTable } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'
import { eventStreamRetentionContract } from './event-stream-retention-contract.js'
import { tornTable } from './torn-table.js'

const hourMs = 3_600_000

/** What an event stream promises, whichever backend its records are on. */
export function eventStreamContract(rig: BackendRig): void {
  eventStreamRetentionContract(rig)
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
      return createEventStreamStore(tableOf(process), { now: () => Date.now() + skewMs })
    }

    function tableOf(process: number): RecordTable {
      const backend = backends[process] ?? backends[0]
      if (backend === undefined) throw new Error('no backend is open')
      return backend.records.for(tenant)
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

    it('skips no event where a page shows a later one without an earlier one', async () => {
      const step = fc.oneof(
        fc.record({ append: fc.integer({ min: 1, max: 6 }) }),
        fc.record({ read: fc.integer({ min: 1, max: 8 }) }),
      )
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 12 }),
          fc.infiniteStream(fc.nat(100)),
          async (steps, choices) => {
            tenant = testTenant().tenantId
            const whole = writer(0)
            const torn = createEventStreamStore(tornTable(tableOf(1), pickFrom(choices)))
            const seen: StoredEvent[] = []
            const read = async (limit: number): Promise<void> => {
              const position = seen.at(-1)?.position ?? 0
              const { events } = await torn.listAfter('s', position, limit)
              const behind = (await whole.head('s')).position > position
              expect(events.length > 0).toBe(behind)
              expect(events.length).toBeLessThanOrEqual(limit)
              seen.push(...events)
            }
            let n = 0
            for (const one of steps) {
              if ('read' in one) await read(one.read)
              else await whole.append('s', many(one.append, n))
              n += 'read' in one ? 0 : one.append
            }
            while (seen.length < n) await read(500)
            expect(seen).toEqual(await all(whole, 's'))
          },
        ),
        { numRuns: 25 },
      )
    })

    it('skips no event in torn pages while others write', async () => {
      let turn = 0
      const torn = createEventStreamStore(tornTable(tableOf(1), (count) => turn++ % (count + 1)))
      let appending = true
      const seen: StoredEvent[] = []
      const reading = (async () => {
        for (;;) {
          const wasAppending = appending
          const { events } = await torn.listAfter('s', seen.at(-1)?.position ?? 0, 4)
          seen.push(...events)
          if (events.length === 0 && !wasAppending) return
        }
      })()
      await Promise.all(
        [writer(0), writer(1), writer(0, hourMs)].map(async (store, w) => {
          for (let n = 0; n < 8; n += 1)
            await store.append('s', [newEvent(`${w}-${n}a`), newEvent(`${w}-${n}b`)])
        }),
      )
      appending = false
      await reading
      expect(seen).toHaveLength(48)
      expect(seen).toEqual(await all(streams, 's'))
    })

    it('reads on behind what retention has removed, and says where the stream starts', async () => {
      await streams.append('s', many(6))
      const events = await all(streams, 's')
      const table = tableOf(0)
      const start = events[3]?.position ?? 0
      const head = await table.get('stream#s', 'head')
      await table.put('stream#s', 'head', { ...head?.value, starts_after: start })
      // Half of it is gone, then all: what is left is not missing, and is not a gap.
      for (const gone of [events.slice(1, 3), events.slice(0, 4)]) {
        for (const { id, position } of gone) {
          await table.delete('stream#s', `event#${String(position).padStart(16, '0')}#${id}`)
        }
        const read: StoredEvent[] = []
        for (;;) {
          const page = await streams.listAfter('s', read.at(-1)?.position ?? 0, 10)
          expect(page.startsAfter).toBe(start)
          if (page.events.length === 0) break
          read.push(...page.events)
        }
        expect(read.slice(-2)).toEqual(events.slice(4))
      }
      expect((await streams.listAfter('s', start, 10)).events).toEqual(events.slice(4))
      await table.put('stream#s', 'head', {
        ...head?.value,
        starts_after: events[5]?.position ?? 0,
      })
      for (const { id, position } of events.slice(4)) {
        await table.delete('stream#s', `event#${String(position).padStart(16, '0')}#${id}`)
      }
      expect((await streams.listAfter('s', start, 10)).events).toEqual([])
      const [next] = await streams.append('s', [newEvent('next')])
      expect((await streams.listAfter('s', 0, 10)).events).toEqual([next])
    })

    it('refuses to go on over a gap that stays', async () => {
      await streams.append('s', many(3))
      const [, lost] = await all(streams, 's')
      const ts = String(lost?.position).padStart(16, '0')
      await tableOf(0).delete('stream#s', `event#${ts}#${lost?.id ?? ''}`)
      const { events } = await streams.listAfter('s', 0, 10)
      expect(ids(events)).toEqual(['e0'])
      await expect(streams.listAfter('s', events[0]?.position ?? 0, 10)).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
      })
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

function many(count: number, from = 0): readonly NewStreamEvent[] {
  return Array.from({ length: count }, (_, n) => newEvent(`e${from + n}`))
}

/** One more than there are: none is hidden. */
function pickFrom(choices: Iterator<number>): (count: number) => number {
  return (count) => Number(choices.next().value) % (count + 1)
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
