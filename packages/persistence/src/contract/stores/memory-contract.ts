import { beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '@heirloom/tenancy'
import { createMemoryStore } from '../../stores/memory.js'
import type { MemoryScope, MemoryStore, NewMemoryMessage } from '../../stores/memory-types.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const hourMs = 3_600_000

export const memoryContract: StoreContract = (bench) => {
  describe('memory_store', () => {
    let tenant: TenantId
    let memory: MemoryStore

    beforeEach(() => {
      tenant = newTenant()
      memory = store()
    })

    function store(scope: Partial<MemoryScope> = {}, process: 0 | 1 = 0): MemoryStore {
      return createMemoryStore(
        bench.table('memory_store', tenant, process),
        { mode: 'saas', projectId: 'p#1', userId: 'u#1', ...scope },
        { now: bench.clock.now },
      )
    }

    const texts = async (sessionId: string): Promise<readonly string[] | undefined> =>
      (await memory.session(sessionId))?.messages.map(({ content }) => content)

    it('grows a session by each message, whoever appends at the same time', async () => {
      const session = await memory.appendMessage('s#1', said('0', { a: [1] }), {
        metadata: { topic: 'Ü' },
      })
      expect(session).toMatchObject({
        sessionId: 's#1',
        messages: [{ role: 'user', content: '0', metadata: { a: [1] } }],
        metadata: { topic: 'Ü' },
        ttlHintMs: null,
        expiresAt: null,
      })
      expect(await memory.session('s#1')).toEqual(session)
      await Promise.all(
        ['1', '2', '3', '4', '5'].map((content, n) =>
          store({}, n % 2 === 0 ? 0 : 1).appendMessage('s#1', said(content)),
        ),
      )
      expect((await texts('s#1'))?.toSorted()).toEqual(['0', '1', '2', '3', '4', '5'])
      expect(await memory.session('s#1')).toMatchObject({ metadata: { topic: 'Ü' } })
      await memory.appendMessage('s#1', said('last'), { keepLast: 2 })
      expect(await texts('s#1')).toHaveLength(2)
      await memory.saveSession('s#1', { messages: [said('only')], metadata: {} })
      expect(await texts('s#1')).toEqual(['only'])
    })

    it('forgets a session when its ttl has passed since its last change', async () => {
      await memory.appendMessage('s', said('1'), { ttlHintMs: hourMs })
      bench.clock.advance(hourMs - 1)
      const session = await memory.appendMessage('s', said('2'))
      expect(session).toMatchObject({
        ttlHintMs: hourMs,
        expiresAt: new Date(bench.clock.now() + hourMs),
      })
      bench.clock.advance(hourMs - 1)
      expect(await texts('s')).toEqual(['1', '2'])
      bench.clock.advance(1)
      expect(await memory.session('s')).toBeNull()
      expect(await allOf((page) => memory.sessions(page))).toEqual([])
      await memory.appendMessage('s', said('anew'))
      expect(await texts('s')).toEqual(['anew'])
      expect(await memory.session('s')).toMatchObject({ ttlHintMs: null })
    })

    it('lists the sessions of just this user', async () => {
      for (const id of ['a', 'b', 'c']) await memory.appendMessage(id, said(id))
      await store({ userId: 'u' }).appendMessage('1#x', said('of a user with a like name'))
      const listed = await allOf((page) => memory.sessions(page))
      expect(listed.map(({ sessionId }) => sessionId)).toEqual(['a', 'b', 'c'])
      await memory.deleteSession('b')
      await memory.deleteSession('b')
      expect(await allOf((page) => memory.sessions(page), 1)).toHaveLength(2)
    })

    it('shares blackboards in a project, and nowhere else', async () => {
      const board = await memory.saveBlackboard('state#1', { data: { n: 1 }, scope: 'run:1' }, 0)
      expect(board).toMatchObject({ key: 'state#1', data: { n: 1 }, scope: 'run:1', revision: 1 })
      expect(board).toMatchObject({ updatedBy: 'u#1', expiresAt: null })
      expect(await store({ userId: 'v' }, 1).blackboard('state#1')).toEqual(board)
      for (const scope of [{ mode: 'lab' }, { projectId: 'q' }, { projectId: 'p' }] as const) {
        expect(await store(scope).blackboard('state#1')).toBeNull()
        expect(await allOf((page) => store(scope).blackboards('', page))).toEqual([])
      }
    })

    it('lets exactly one of several writers change a blackboard that they all saw', async () => {
      for (let round = 0; round < 3; round += 1) {
        const results = await Promise.allSettled(
          [0, 1, 0, 1].map((process, w) =>
            store({}, process === 0 ? 0 : 1).saveBlackboard('b', { data: { w } }, round),
          ),
        )
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const refused = results.filter(({ status }) => status === 'rejected')
        for (const one of refused) expect(one).toMatchObject({ reason: { code: 'STALE_REVISION' } })
      }
      expect(await memory.saveBlackboard('b', { data: {} }, null)).toMatchObject({ revision: 4 })
    })

    it('forgets a blackboard at its expiry, and lists by prefix', async () => {
      const expiresAt = new Date(bench.clock.now() + hourMs)
      await memory.saveBlackboard('run#1', { data: {}, expiresAt }, 0)
      await memory.saveBlackboard('run#2', { data: {} }, 0)
      await memory.saveBlackboard('other', { data: {} }, 0)
      const listed = await allOf((page) => memory.blackboards('run#', page), 1)
      expect(listed.map(({ key }) => key)).toEqual(['run#1', 'run#2'])
      bench.clock.advance(hourMs)
      expect(await memory.blackboard('run#1')).toBeNull()
      expect(await allOf((page) => memory.blackboards('', page))).toHaveLength(2)
      expect(await memory.saveBlackboard('run#1', { data: {} }, 0)).toMatchObject({ revision: 1 })
      await memory.deleteBlackboard('run#1')
      await memory.deleteBlackboard('run#1')
      expect(await memory.blackboard('run#1')).toBeNull()
    })

    it('refuses what is no message or board, and a session that is full, and keeps what there is', async () => {
      const wrong = [
        memory.appendMessage('', said('x')),
        memory.appendMessage('s', { ...said('x'), role: 'root' as 'user' }),
        memory.appendMessage('s', said('x'), { ttlHintMs: 0 }),
        memory.appendMessage('s', said('x'), { keepLast: 0 }),
        memory.saveSession('s', { messages: 'x' as never }),
        memory.saveBlackboard('', { data: {} }, 0),
        memory.saveBlackboard('b', { data: [] as never }, 0),
        memory.saveBlackboard('b', { data: {}, expiresAt: new Date(0) }, 0),
      ]
      for (const result of await Promise.allSettled(wrong)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_INPUT' } })
      }
      expect((await bench.records('memory_store', tenant)).size).toBe(0)
      const { maxItemBytes } = bench.table('memory_store', tenant).capabilities
      const large = 'x'.repeat(100_000)
      const most = Math.floor(maxItemBytes / large.length)
      await memory.saveSession('s', {
        messages: Array.from({ length: most - 1 }, () => said(large)),
      })
      const full = (async () => {
        for (let n = 0; n < 3; n += 1) await memory.appendMessage('s', said(large))
      })()
      await expect(full).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      expect((await texts('s'))?.length).toBeGreaterThanOrEqual(most - 1)
      await memory.appendMessage('s', said('small'), { keepLast: 1 })
      expect(await texts('s')).toEqual(['small'])
    })
  })
}

function said(content: string, metadata: NewMemoryMessage['metadata'] = null): NewMemoryMessage {
  return { role: 'user', content, metadata }
}
