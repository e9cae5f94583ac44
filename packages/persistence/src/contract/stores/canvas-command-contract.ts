import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createCanvasCommandStore } from '../../stores/canvas-command.js'
import type {
  AppendToTimeline,
  CanvasCommand,
  CanvasCommandStore,
  NewCanvasCommand,
} from '../../stores/canvas-command-types.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import { tornTable } from '../torn-table.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

export const canvasCommandContract: StoreContract = (bench) => {
  describe('canvas_command_store', () => {
    let tenant: TenantId
    let canvases: CanvasCommandStore

    beforeEach(() => {
      tenant = newTenant()
      canvases = store()
    })

    function store(process: 0 | 1 = 0): CanvasCommandStore {
      const table = bench.table('canvas_command_store', tenant, process)
      return createCanvasCommandStore(table, { projectId: 'p#1' }, { now: bench.clock.now })
    }

    async function replayAll(
      from: CanvasCommandStore,
      limit: number,
    ): Promise<readonly CanvasCommand[]> {
      const all: CanvasCommand[] = []
      for (;;) {
        const some = await from.replay('c', all.at(-1)?.revision ?? 0, limit)
        if (some.length === 0) return all
        all.push(...some)
      }
    }

    /** As somebody draws who is beaten now and then: reads the head, and tries again. */
    async function draw(on: CanvasCommandStore, command: NewCanvasCommand): Promise<CanvasCommand> {
      for (;;) {
        try {
          return await on.append('c', command, await on.head('c'))
        } catch (error) {
          if ((error as { code?: unknown }).code !== 'STALE_REVISION') throw error
        }
      }
    }

    it('numbers commands without a gap, and replays them from any revision', async () => {
      expect(await canvases.head('c')).toBe(0)
      const all: CanvasCommand[] = []
      for (let n = 0; n < 7; n += 1) all.push(await canvases.append('c', drawing(`${n}`), n))
      expect(all.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(await canvases.head('c')).toBe(7)
      for (let after = 0; after <= 7; after += 1) {
        expect(await canvases.replay('c', after, 50)).toEqual(all.slice(after))
      }
      expect(await canvases.replay('c', 2, 3)).toEqual(all.slice(2, 5))
      expect(await canvases.byIdempotencyKey('c', '3')).toEqual(all[3])
      expect(await canvases.byIdempotencyKey('c', 'none')).toBeNull()
    })

    it('refuses who draws on an old canvas, and tells the revision', async () => {
      await canvases.append('c', drawing('1'), 0)
      for (const expected of [0, 2]) {
        await expect(canvases.append('c', drawing('2'), expected)).rejects.toMatchObject({
          code: 'STALE_REVISION',
          details: { expected, current: 1 },
        })
      }
      expect(await canvases.head('c')).toBe(1)
      expect(await canvases.byIdempotencyKey('c', '2')).toBeNull()
    })

    it('appends a command that is sent again once, whatever the revision is then', async () => {
      const [one] = await Promise.all(
        [0, 1, 0, 1].map((process) => store(process === 0 ? 0 : 1).append('c', drawing('k'), 0)),
      )
      await canvases.append('c', drawing('other'), 1)
      expect(await canvases.append('c', drawing('k'), 0)).toEqual(one)
      expect(await canvases.append('c', drawing('k'), 2)).not.toBeNull()
      expect(await canvases.head('c')).toBe(2)
      await expect(
        canvases.append('c', { ...drawing('k'), payload: { x: 'other' } }, 2),
      ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
      expect(await canvases.head('c')).toBe(2)
    })

    it('lets exactly one of several writers have each revision', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 4 }),
          fc.integer({ min: 1, max: 4 }),
          async (writers, each) => {
            tenant = newTenant()
            await Promise.all(
              Array.from({ length: writers }, async (_, w) => {
                const mine = store(w % 2 === 0 ? 0 : 1)
                for (let n = 0; n < each; n += 1) await draw(mine, drawing(`${w}-${n}`))
              }),
            )
            const all = await replayAll(store(), 3)
            const revisions = Array.from({ length: writers * each }, (_, n) => n + 1)
            expect(all.map(({ revision }) => revision)).toEqual(revisions)
            expect(new Set(all.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(all.length)
            expect(await store().head('c')).toBe(all.length)
          },
        ),
        { numRuns: 4 },
      )
    })

    it('replays without a gap where a page lacks a command', async () => {
      for (let n = 0; n < 8; n += 1) await canvases.append('c', drawing(`${n}`), n)
      for (const choose of [() => 0, (n: number) => n - 1, (n: number) => Math.floor(n / 2)]) {
        const table = tornTable(bench.table('canvas_command_store', tenant), choose)
        const torn = createCanvasCommandStore(table, { projectId: 'p#1' })
        const all = await replayAll(torn, 4)
        expect(all.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      }
    })

    it('feeds the timeline every command once and in order, whenever it is interrupted', async () => {
      const streams = createEventStreamStore(bench.table('event_stream', tenant))
      const timeline: AppendToTimeline = async (commands) => {
        const events = commands.map((command) => ({
          id: `canvas:${command.canvasId}:${command.revision}`,
          type: command.type,
          occurredAt: command.appendedAt,
          actorId: command.actorId,
          data: { revision: command.revision },
        }))
        await streams.append('timeline', events)
      }
      const dies: AppendToTimeline = async (commands) => {
        await timeline(commands)
        throw new Error('killed before it noted what it had done')
      }
      for (let n = 0; n < 5; n += 1) {
        await canvases.append('c', drawing(`${n}`), n)
        if (n === 1) await canvases.feed('c', timeline)
        const killed = n % 2 === 0 ? canvases.feed('c', dies) : Promise.reject(new Error('killed'))
        await expect(killed).rejects.toThrow('killed')
      }
      await Promise.all([canvases.feed('c', timeline), store(1).feed('c', timeline)])
      expect(await canvases.feed('c', timeline)).toBe(0)
      const { events } = await streams.listAfter('timeline', 0, 50)
      expect(events.map(({ data }) => data)).toEqual(
        [1, 2, 3, 4, 5].map((revision) => ({ revision })),
      )
      await canvases.append('c#2', drawing('x'), 0)
      expect(await allOf((page) => canvases.canvases(page), 1)).toEqual(['c', 'c#2'])
    })

    it('refuses what is no command, and changes nothing', async () => {
      const wrong: readonly [string, NewCanvasCommand, number][] = [
        ['', drawing('k'), 0],
        ['c', { ...drawing('k'), idempotencyKey: '' }, 0],
        ['c', { ...drawing('k'), payload: 'x' as never }, 0],
        ['c', drawing('k'), -1],
        ['c', drawing('k'), 0.5],
      ]
      for (const [canvas, command, revision] of wrong) {
        const appended = (async () => canvases.append(canvas, command, revision))()
        await expect(appended).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
      expect((await bench.records('canvas_command_store', tenant)).size).toBe(0)
    })
  })
}

function drawing(key: string): NewCanvasCommand {
  return { idempotencyKey: key, type: 'stroke', payload: { key, at: [1, 2] }, actorId: 'user:1' }
}
