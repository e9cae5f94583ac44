import { beforeEach, describe, expect, it } from 'vitest'
import type { Mode, TenantId } from '@heirloom/tenancy'
import { createChatStore } from '../../stores/chat.js'
import type { ChatMessage, ChatStore, NewChatMessage } from '../../stores/chat-types.js'
import { tornTable } from '../torn-table.js'
import { allOf, newTenant, type StoreContract } from './store-bench.js'

const hourMs = 3_600_000

export const chatContract: StoreContract = (bench) => {
  describe('chat_store', () => {
    let tenant: TenantId
    let chats: ChatStore

    beforeEach(() => {
      tenant = newTenant()
      chats = store()
    })

    function store(skewMs = 0, mode: Mode = 'saas', process: 0 | 1 = 0): ChatStore {
      const table = bench.table('chat_store', tenant, process)
      const now = (): number => bench.clock.now() + skewMs
      return createChatStore(table, { mode, projectId: 'p#1' }, { now })
    }

    const texts = (messages: readonly ChatMessage[]): readonly string[] =>
      messages.map(({ content }) => content)
    const list = (from = chats, newestFirst = false): Promise<readonly ChatMessage[]> =>
      allOf((page) => from.list('t', { ...page, newestFirst }))

    it('keeps messages whole, in the order they were appended, by whatever clock', async () => {
      const given: NewChatMessage = {
        role: 'assistant',
        authorId: 'agent:1#x',
        content: 'Ü 😀',
        data: { calls: [{ a: null }] },
        runId: 'r#1',
        clientId: 'c',
      }
      const first = await chats.append('t', given)
      expect(first).toMatchObject({ ...given, threadId: 't' })
      const skewed = [store(hourMs), store(-hourMs, 'saas', 1)]
      for (let n = 0; n < 6; n += 1) await skewed[n % 2]?.append('t', said(`${n}`))
      expect(texts(await list())).toEqual(['Ü 😀', '0', '1', '2', '3', '4', '5'])
      expect(texts(await list(chats, true))).toEqual(['5', '4', '3', '2', '1', '0', 'Ü 😀'])
      const [read] = await list()
      expect(read).toEqual(first)
      expect(await chats.get('t', first.id)).toEqual(first)
      expect(await chats.get('t', 'nonsense')).toBeNull()
    })

    it('loses and doubles no message of writers who contend, while somebody reads along', async () => {
      const writers = [store(hourMs), store(-hourMs, 'saas', 1), store(7)]
      let writing = true
      const seen: string[] = []
      const reading = (async () => {
        let token: string | null = null
        for (;;) {
          const last = !writing
          const page: Awaited<ReturnType<ChatStore['list']>> = await chats.list('t', {
            limit: 3,
            token,
          })
          if (token === null) seen.length = 0
          seen.push(...texts(page.items))
          token = page.next
          if (last && token === null) return
        }
      })()
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let n = 0; n < 6; n += 1) await writer.append('t', said(`${w}-${n}`))
        }),
      )
      writing = false
      await reading
      expect([...seen].sort()).toEqual(texts(await list()).toSorted())
      expect(new Set(seen).size).toBe(18)
    })

    it('shows a message that its page lacked as soon as it is read again, and none before it', async () => {
      for (let n = 0; n < 9; n += 1) await chats.append('t', said(`${n}`))
      const torn = (choose: (count: number) => number): ChatStore =>
        createChatStore(tornTable(bench.table('chat_store', tenant), choose), {
          mode: 'saas',
          projectId: 'p#1',
        })
      const all = ['0', '1', '2', '3', '4', '5', '6', '7', '8']
      for (const choose of [() => 0, (n: number) => n - 1, (n: number) => Math.floor(n / 2)]) {
        expect(texts(await allOf((page) => torn(choose).list('t', page), 3))).toEqual(all)
        const newest = await torn(choose).list('t', { limit: 9, newestFirst: true })
        expect(all.toReversed().slice(0, newest.items.length)).toEqual(texts(newest.items))
        expect(newest.items.length).toBeGreaterThan(0)
      }
    })

    it('stores a message that is sent again once, and refuses its id for another', async () => {
      const given = { ...said('once'), clientId: 'c#1', data: { a: 1, b: [2] } }
      const sent = await Promise.all(
        [0, 1, 0, 1].map((process) =>
          store(0, 'saas', process === 0 ? 0 : 1).append('t', { ...given, data: { b: [2], a: 1 } }),
        ),
      )
      expect(new Set(sent.map(({ id }) => id)).size).toBe(1)
      expect(await chats.append('t', given)).toEqual(sent[0])
      expect(await list()).toHaveLength(1)
      await expect(chats.append('t', { ...given, content: 'twice' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_KEY_REUSED',
      })
      expect(await list()).toHaveLength(1)
    })

    it('finds the messages of a run', async () => {
      for (let n = 0; n < 7; n += 1) {
        await chats.append('t', { ...said(`${n}`), runId: n % 2 === 0 ? 'r' : 'r#1' })
      }
      const found = await allOf((page) => chats.listByRun('t', 'r', page))
      expect(texts(found)).toEqual(['0', '2', '4', '6'])
      expect(await allOf((page) => chats.listByRun('t', 'none', page))).toEqual([])
    })

    it('lets a thread belong to the mode that started it', async () => {
      await chats.append('t', said('mine'))
      const lab = store(0, 'lab')
      expect(await list(lab)).toEqual([])
      expect(await lab.thread('t')).toBeNull()
      await expect(lab.append('t', said('theirs'))).rejects.toMatchObject({ code: 'CONFLICT' })
      await lab.deleteThread('t')
      expect(texts(await list())).toEqual(['mine'])
      await lab.append('t2', said('theirs'))
      expect(await allOf((page) => lab.threads(page))).toMatchObject([{ id: 't2' }])
      expect(await allOf((page) => chats.threads(page))).toMatchObject([{ id: 't' }])
    })

    it('forgets all of a transient thread at once', async () => {
      const expiresAt = new Date(bench.clock.now() + hourMs)
      const thread = await chats.startThread('t', { title: 'Soon gone', expiresAt })
      expect(await chats.startThread('t', { title: 'Other' })).toEqual(thread)
      const { id } = await chats.append('t', { ...said('x'), runId: 'r', clientId: 'c' })
      await chats.saveSnapshot('t', { upToMessageId: id, state: {} })
      bench.clock.advance(hourMs - 1)
      expect(await list()).toHaveLength(1)
      bench.clock.advance(1)
      expect(await chats.thread('t')).toBeNull()
      expect(await list()).toEqual([])
      expect(await chats.latestSnapshot('t')).toBeNull()
      expect((await bench.records('chat_store', tenant)).size).toBe(0)
      await chats.append('t', { ...said('again'), clientId: 'c' })
      expect(texts(await list())).toEqual(['again'])
    })

    it('keeps snapshots, those that reach furthest first', async () => {
      const [one, two] = [await chats.append('t', said('1')), await chats.append('t', said('2'))]
      await chats.saveSnapshot('t', { upToMessageId: two.id, state: { n: 2 } })
      await chats.saveSnapshot('t', { upToMessageId: one.id, state: { n: 1 } })
      expect(await chats.latestSnapshot('t')).toMatchObject({
        upToMessageId: two.id,
        state: { n: 2 },
      })
      const all = await allOf((page) => chats.snapshots('t', page), 1)
      expect(all.map(({ state }) => state)).toEqual([{ n: 2 }, { n: 1 }])
      const missing = chats.saveSnapshot('t', { upToMessageId: 'none', state: {} })
      await expect(missing).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    it('deletes a thread with everything in it, and starts it anew', async () => {
      for (let n = 0; n < 5; n += 1) {
        const { id } = await chats.append('t', { ...said(`${n}`), runId: 'r', clientId: `${n}` })
        await chats.saveSnapshot('t', { upToMessageId: id, state: {} })
      }
      await chats.append('t#2', said('other'))
      await chats.deleteThread('t')
      expect(await list()).toEqual([])
      expect((await allOf((page) => chats.threads(page))).map(({ id }) => id)).toEqual(['t#2'])
      await chats.append('t', said('again'))
      expect(texts(await list())).toEqual(['again'])
      await chats.deleteThread('t')
      await chats.deleteThread('t')
      await chats.deleteThread('t#2')
      expect((await bench.records('chat_store', tenant)).size).toBe(0)
    })

    it('refuses what is no message, and changes nothing', async () => {
      const wrong: readonly [string, NewChatMessage][] = [
        ['', said('x')],
        ['t\0', said('x')],
        ['x'.repeat(300), said('x')],
        ['t', { ...said('x'), role: 'root' as 'user' }],
        ['t', { ...said('x'), data: [] as never }],
        ['t', { ...said('x'), clientId: '' }],
        ['t', { ...said('x'), content: 1 as unknown as string }],
      ]
      for (const [thread, message] of wrong) {
        const sent = (async () => chats.append(thread, message))()
        await expect(sent).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      }
      const huge = chats.append('t', said('x'.repeat(200_001)))
      await expect((async () => huge)()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      const past = { expiresAt: new Date(bench.clock.now()) }
      await expect((async () => chats.startThread('t', past))()).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
      expect((await bench.records('chat_store', tenant)).size).toBe(0)
      await chats.append('t', said('x'))
      await chats.append('t', said('y'))
      const { next } = await chats.list('t', { limit: 1 })
      for (const token of ['x', `${next ?? ''}A`, `${next ?? ''}QUFB`]) {
        await expect(chats.list('t', { limit: 1, token })).rejects.toMatchObject({
          code: 'CURSOR_INVALID',
        })
      }
      await expect(chats.list('t2', { limit: 1, token: next })).resolves.toMatchObject({
        items: [],
      })
    })
  })
}

function said(content: string): NewChatMessage {
  return { role: 'user', authorId: 'user:1', content }
}
