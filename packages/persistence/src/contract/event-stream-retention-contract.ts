import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backends/backend.js'
import type { RecordTable } from '../ports/record-table.js'
import { createEventStreamStore, type EventStreamStore } from '../stores/event-stream.js'
import type { NewStreamEvent, StoredEvent } from '../stores/event-stream-types.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

const dayMs = 86_400_000

/** What retention of event streams promises, whichever backend their records are on. */
export function eventStreamRetentionContract(rig: BackendRig): void {
  describe(`retention of event streams on ${rig.type}`, () => {
    let running: RunningBackend
    let backends: readonly OpenBackend[]
    let tenant: TenantId
    let nowMs: number
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
      nowMs = Date.now()
      streams = store(0)
    })

    function tableOf(process: number): RecordTable {
      const backend = backends[process] ?? backends[0]
      if (backend === undefined) throw new Error('no backend is open')
      return backend.records.for(tenant)
    }

    function store(process: number, table = tableOf(process)): EventStreamStore {
      return createEventStreamStore(table, { now: () => nowMs })
    }

    async function appendAll(count: number, from = 0): Promise<void> {
      const events = Array.from({ length: count }, (_, n) => newEvent(`e${from + n}`))
      const most = streams.maxAppendEvents
      for (let start = 0; start < count; start += most) {
        await streams.append('s', events.slice(start, start + most))
      }
    }

    /** How many records the partition holds, besides the head. */
    async function recordCount(): Promise<number> {
      const table = tableOf(0)
      let page = await table.query('stream#s', { limit: 100 })
      let count = page.records.length
      while (page.next !== null) {
        page = await table.query('stream#s', { limit: 100, token: page.next })
        count += page.records.length
      }
      return count - 1
    }

    it('by number keeps exactly the newest, and says where the stream starts', async () => {
      await appendAll(30)
      const before = await all(streams)
      const trimmed = await streams.trim('s', { maxEvents: 12 })
      const start = before[17]?.position
      expect(trimmed).toEqual({ removed: 18, startsAfter: start, more: false })
      expect(await streams.head('s')).toEqual({
        position: before.at(-1)?.position,
        startsAfter: start,
      })
      const page = await streams.listAfter('s', 0, 100)
      expect(page).toEqual({ events: before.slice(18), startsAfter: start })
      expect(await recordCount()).toBe(24)
      // Once more is nothing more.
      expect(await streams.trim('s', { maxEvents: 12 })).toMatchObject({ removed: 0, more: false })
    })

    it('by age keeps exactly what is young enough', async () => {
      await appendAll(5)
      nowMs += dayMs
      await appendAll(4, 5)
      nowMs += 1
      const before = await all(streams)
      expect(await streams.trim('s', { maxAgeMs: 3 * dayMs })).toMatchObject({ removed: 0 })
      expect(await streams.trim('s', { maxAgeMs: dayMs })).toMatchObject({ removed: 5 })
      expect(await all(streams)).toEqual(before.slice(5))
      nowMs += 10 * dayMs
      // Whichever bound is passed first.
      expect(await streams.trim('s', { maxAgeMs: dayMs, maxEvents: 1_000 })).toMatchObject({
        removed: 4,
      })
      expect(await all(streams)).toEqual([])
    })

    it('goes on at the same place after everything was removed', async () => {
      await appendAll(3)
      const { position } = await streams.head('s')
      await streams.trim('s', { maxEvents: 0 })
      expect(await streams.head('s')).toEqual({ position, startsAfter: position })
      expect(await streams.listAfter('s', position, 10)).toEqual({
        events: [],
        startsAfter: position,
      })
      // Its clock says the same time: the position grows all the same.
      const [next] = await streams.append('s', [newEvent('next')])
      expect(next?.position).toBeGreaterThan(position)
      expect((await streams.listAfter('s', position, 10)).events).toEqual([next])
      expect(await recordCount()).toBe(2)
    })

    it('forgets the ids of what it removed, and of nothing else', async () => {
      await appendAll(4)
      await streams.trim('s', { maxEvents: 2 })
      const kept = await all(streams)
      await appendAll(4)
      const after = await all(streams)
      expect(after.map(({ id }) => id)).toEqual(['e2', 'e3', 'e0', 'e1'])
      expect(after.slice(0, 2)).toEqual(kept)
    })

    it('removes nothing of an empty stream, and nothing when nothing says so', async () => {
      expect(await streams.trim('s', { maxEvents: 0 })).toEqual({
        removed: 0,
        startsAfter: 0,
        more: false,
      })
      await appendAll(3)
      expect(await streams.trim('s', {})).toMatchObject({ removed: 0, startsAfter: 0 })
      for (const kept of [{ maxEvents: -1 }, { maxAgeMs: Number.NaN }]) {
        await expect(streams.trim('s', kept)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
      expect(await all(streams)).toHaveLength(3)
    })

    it('removes what a trim that broke off left behind', async () => {
      await appendAll(10)
      const before = await all(streams)
      const table = tableOf(0)
      let left = 1
      const breaking = store(0, {
        ...table,
        transact: (pk, writes) =>
          left-- > 0 ? table.transact(pk, writes.slice(0, 4)) : Promise.reject(new Error('cut')),
      })
      await breaking.trim('s', { maxEvents: 4 }).catch(() => undefined)
      expect((await streams.head('s')).startsAfter).toBe(before[5]?.position)
      expect((await streams.listAfter('s', 0, 20)).events).toEqual(before.slice(6))
      expect(await recordCount()).toBeGreaterThan(8)
      await streams.trim('s', { maxEvents: 4 })
      expect(await recordCount()).toBe(8)
      expect(await all(streams)).toEqual(before.slice(6))
    })

    it('never removes what is kept, nor hides a gap, while others append, read and trim', async () => {
      const kept = { maxEvents: 10 }
      let appending = true
      const seen: number[] = []
      const hidden: number[] = []
      const reading = (async () => {
        let position = 0
        for (;;) {
          const wasAppending = appending
          const page = await store(1).listAfter('s', position, 7)
          for (const [index, { data }] of page.events.entries()) {
            const expected = (seen.at(-1) ?? -1) + 1
            // Either the next one, or the stream says that it starts later than where we were.
            const told = index === 0 && page.startsAfter > position
            if (Number(data) !== expected && !told) hidden.push(expected)
            seen.push(Number(data))
          }
          position = page.events.at(-1)?.position ?? position
          if (page.events.length === 0 && !wasAppending) return
        }
      })()
      const tooFew: number[] = []
      const trimming = [0, 1].map(async (process) => {
        while (appending) {
          await store(process).trim('s', kept)
          const events = await all(store(process))
          if (events.length < Math.min(10, Number(events.at(-1)?.data ?? -1) + 1)) {
            tooFew.push(events.length)
          }
        }
      })
      for (let n = 0; n < 40; n += 1) {
        await store(n % 2).append('s', [{ ...newEvent(`e${n}`), data: n }])
      }
      appending = false
      await Promise.all([reading, ...trimming])
      await streams.trim('s', kept)
      expect((await all(streams)).map(({ data }) => data)).toEqual(
        Array.from({ length: 10 }, (_, n) => 30 + n),
      )
      expect(await recordCount()).toBe(20)
      expect(seen.at(-1)).toBe(39)
      expect({ hidden, tooFew }).toEqual({ hidden: [], tooFew: [] })
    })

    it('of one tenant leaves the stream of the same name of another alone', async () => {
      await appendAll(3)
      const mine = tenant
      tenant = testTenant().tenantId
      const theirs = store(0)
      await theirs.append('s', [newEvent('theirs')])
      expect(await theirs.trim('s', { maxEvents: 0 })).toMatchObject({ removed: 1 })
      tenant = mine
      expect(await all(streams)).toHaveLength(3)
    })
  })
}

function newEvent(id: string): NewStreamEvent {
  return { id, type: 'Told', occurredAt: new Date('2025-01-01'), actorId: null, data: {} }
}

async function all(streams: EventStreamStore): Promise<readonly StoredEvent[]> {
  return (await streams.listAfter('s', 0, 500)).events
}
