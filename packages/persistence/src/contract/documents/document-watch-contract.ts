import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { Storage } from '../../documents/storage.js'
import type { DocumentEvent, DocumentStore, DocumentWatch } from '../../ports/document-store.js'
import type { RunningStorage, StorageRig } from './storage-rig.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

export function documentWatchContract(rig: StorageRig): void {
  describe(`watches of DocumentStore on ${rig.name}`, () => {
    let running: RunningStorage
    let storage: Storage
    const newStore = (): DocumentStore => storage.documents.for(testTenant().tenantId)
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open()
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('tells every change in its order, as the document was right after it', async () => {
      const store = newStore()
      const watch = await store.watch('default')
      await store.create('default', 'people/ada', { n: 1 })
      await store.update('default', 'people/ada', { n: 2 })
      await store.patch('default', 'people/ada', { m: 3 })
      await store.delete('default', 'people/ada')
      await store.create('default', 'people/ada', { n: 4 })
      const events = await take(watch, 5)
      expect(events.map(({ type, version, document }) => [type, version, document?.data])).toEqual([
        ['created', 1, { n: 1 }],
        ['updated', 2, { n: 2 }],
        ['updated', 3, { n: 2, m: 3 }],
        ['deleted', 4, undefined],
        ['created', 5, { n: 4 }],
      ])
      expect(events.every(({ collection, id }) => collection === 'people' && id === 'ada')).toBe(
        true,
      )
      expect(events[4]?.document).toEqual(await store.get('default', 'people/ada'))
    })

    it('tells nothing of how a document is kept', async () => {
      const store = newStore()
      const watch = await store.watch('default')
      await store.create('default', 'people/ada', { n: 1 })
      const [event] = await take(watch, 1)
      expect(Object.keys(event ?? {}).sort()).toEqual(
        ['at', 'collection', 'document', 'id', 'resumeToken', 'type', 'version'].sort(),
      )
      expect(Object.keys(event?.document ?? {}).sort()).toEqual(
        ['collection', 'createdAt', 'data', 'id', 'updatedAt', 'version'].sort(),
      )
    })

    it('resumes after every event without missing or repeating one', async () => {
      const store = newStore()
      const watch = await store.watch('default')
      const start = watch.position
      for (let n = 0; n < 6; n += 1) await store.create('default', `people/p${n}`, { n })
      await store.delete('default', 'people/p0')
      const all = await take(watch, 7)
      expect(all.map(({ id }) => id)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p0'])
      const tokens = [start, ...all.map(({ resumeToken }) => resumeToken)]
      for (const [index, resumeToken] of tokens.slice(0, -1).entries()) {
        const rest = await take(await store.watch('default', { resumeToken }), 7 - index)
        expect(rest).toEqual(all.slice(index))
      }
      const last = await store.watch('default', { resumeToken: tokens.at(-1) ?? '' })
      await store.create('default', 'people/later', {})
      expect((await take(last, 1))[0]?.id).toBe('later')
    })

    it('tells one collection alone when it is named, deletions too', async () => {
      const store = newStore()
      const watch = await store.watch('default', { collection: 'people' })
      await store.create('default', 'places/paris', {})
      await store.create('default', 'people/ada', {})
      await store.create('default', 'people/ada/letters/1', {})
      await store.delete('default', 'places/paris')
      await store.delete('default', 'people/ada')
      await store.create('default', 'people/bob', {})
      expect((await take(watch, 3)).map(({ type, id }) => [type, id])).toEqual([
        ['created', 'ada'],
        ['deleted', 'ada'],
        ['created', 'bob'],
      ])
    })

    it('tells nothing of another tenant or another database, deletions included', async () => {
      const [one, two] = [newStore(), newStore()]
      const watch = await one.watch('default')
      await two.create('default', 'people/ada', { secret: true })
      await two.update('default', 'people/ada', { secret: true })
      await two.delete('default', 'people/ada')
      await one.create('archive', 'people/ada', { archived: true })
      await one.delete('archive', 'people/ada')
      await one.create('default', 'people/mine', {})
      expect((await take(watch, 1)).map(({ id }) => id)).toEqual(['mine'])
    })

    it('wakes up for a change while it waits', async () => {
      const store = newStore()
      const watch = await store.watch('default')
      const waiting = take(watch, 1)
      await store.create('default', 'people/ada', {})
      expect((await waiting)[0]?.id).toBe('ada')
    })

    it('ends when it is aborted, waiting or not', async () => {
      const store = newStore()
      const stop = new AbortController()
      const watch = await store.watch('default', { signal: stop.signal })
      const seen: string[] = []
      const following = (async () => {
        for await (const { id } of watch) {
          seen.push(id)
          stop.abort()
        }
      })()
      await store.create('default', 'people/ada', {})
      await store.create('default', 'people/bob', {})
      await following
      expect(seen).toEqual(['ada'])
      const waiting = new AbortController()
      const idle = await store.watch('default', { signal: waiting.signal })
      const ended = take(idle, 1)
      setImmediate(() => waiting.abort())
      expect(await ended).toEqual([])
    })

    it('tells what many writers do at once, each document’s versions in order', async () => {
      const store = newStore()
      const watch = await store.watch('default')
      const writer = async (n: number): Promise<void> => {
        await store.create('default', `people/p${n % 4}`, {}).catch(() => undefined)
        for (let round = 0; round < 5; round += 1) {
          await store.patch('default', `people/p${n % 4}`, { [`w${n}`]: round })
        }
      }
      const [events] = await Promise.all([
        take(watch, 4 + 8 * 5),
        Promise.all(Array.from({ length: 8 }, (_, n) => writer(n))),
      ])
      for (const id of ['p0', 'p1', 'p2', 'p3']) {
        const versions = events.filter((event) => event.id === id).map(({ version }) => version)
        expect(versions).toEqual(Array.from({ length: 11 }, (_, index) => index + 1))
      }
    })

    it('refuses a token of another tenant, database or collection, and what is none', async () => {
      const tenants = [testTenant().tenantId, testTenant().tenantId]
      const [one, two] = tenants.map((tenant) => storage.documents.for(tenant))
      if (one === undefined || two === undefined) throw new Error('two tenants')
      const { position: resumeToken } = await one.watch('default', { collection: 'people' })
      for (const attempt of [
        () => two.watch('default', { collection: 'people', resumeToken }),
        () => one.watch('archive', { collection: 'people', resumeToken }),
        () => one.watch('default', { collection: 'places', resumeToken }),
        () => one.watch('default', { resumeToken }),
        () => one.watch('default', { collection: 'people', resumeToken: `${resumeToken}x` }),
        () => one.watch('default', { collection: 'people', resumeToken: '' }),
        () => one.watch('default', { collection: 'people', resumeToken: 'bm9uZQ' }),
        () => one.watch('default', { collection: 'people', resumeToken: forged(resumeToken) }),
      ]) {
        await expect(attempt()).rejects.toEqual(code('CURSOR_INVALID'))
      }
      await expect(one.watch('default', { collection: 'people/ada' })).rejects.toEqual(
        code('INVALID_INPUT'),
      )
    })
  })
}

/** The first `count` events, or as many as come before the watch ends. */
export async function take(watch: DocumentWatch, count: number): Promise<readonly DocumentEvent[]> {
  const events: DocumentEvent[] = []
  for await (const event of watch) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}

/** The same watch, at a position that no backend has ever handed out. */
function forged(token: string): string {
  const parts = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[]
  return Buffer.from(JSON.stringify([...parts.slice(0, 3), 'C0FFEE'])).toString('base64url')
}
