import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { DeclaredIndex } from '../../documents/indexes.js'
import type { Storage } from '../../documents/storage.js'
import type { DocumentQuery, DocumentStore, Filter, Order } from '../../ports/document-store.js'
import { findInModel, type ModelDocument } from './query-model.js'
import type { RunningStorage, StorageRig } from './storage-rig.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })
const asc = (field: string): Order => ({ field, direction: 'asc' })
const desc = (field: string): Order => ({ field, direction: 'desc' })

/** Serve every query over `a`, `b` and `c.d` that the arbitrary below makes. */
const indexes: readonly DeclaredIndex[] = [
  [asc('a')],
  [asc('b')],
  [asc('a'), asc('b')],
  [asc('a'), desc('b')],
  [desc('b'), desc('a')],
  [asc('b'), desc('a')],
  [asc('a'), asc('b'), desc('c.d')],
  [asc('a'), desc('b'), asc('c.d')],
].map((fields) => ({ collection: 'things', fields }))

const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, -1.5, 1e21, '', 'a', 'B', 'ä', 'z', '😀', '\uFFFD'),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -2, max: 2 }),
)
const data = fc.record(
  { a: scalar, b: scalar, c: fc.oneof(fc.record({ d: scalar }, { requiredKeys: [] }), scalar) },
  { requiredKeys: [] },
)
const comparable = fc.constantFrom<number | string>(0, 1, -1.5, 'a', 'ä', '')
const op = fc.constantFrom<Filter['op']>('<', '<=', '>', '>=')

const query: fc.Arbitrary<Omit<DocumentQuery, 'collection' | 'limit'>> = fc.oneof(
  fc.record({
    where: fc.tuple(
      fc.record({ field: fc.constant('a'), op: fc.constant('==' as const), value: scalar }),
    ),
  }),
  fc.record({
    where: fc.tuple(fc.record({ field: fc.constantFrom('a', 'b'), op, value: comparable })),
  }),
  fc.record({
    where: fc.tuple(fc.record({ field: fc.constant('a'), op, value: comparable })),
    orderBy: fc.constantFrom(
      [desc('a')],
      [asc('a'), asc('b')],
      [desc('a'), asc('b')],
      [asc('a'), desc('b')],
    ),
  }),
  fc.record({
    where: fc.tuple(
      fc.record({ field: fc.constant('a'), op: fc.constant('==' as const), value: scalar }),
      fc.record({ field: fc.constant('b'), op, value: comparable }),
    ),
    orderBy: fc.constantFrom(
      [],
      [asc('b')],
      [desc('b')],
      [asc('b'), desc('c.d')],
      [desc('b'), asc('c.d')],
    ),
  }),
  fc.record({
    orderBy: fc.constantFrom(
      [asc('a')],
      [desc('a')],
      [asc('b'), asc('a')],
      [desc('b'), asc('a')],
      [asc('a'), asc('b'), desc('c.d')],
      [desc('a'), asc('b'), desc('c.d')],
    ),
  }),
)

export function documentQueryContract(rig: StorageRig): void {
  describe(`queries of DocumentStore on ${rig.name}`, () => {
    let running: RunningStorage
    let storage: Storage
    const newStore = (): DocumentStore => storage.documents.for(testTenant().tenantId)
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open({ documents: { indexes } })
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('finds what a sorted list would, page by page', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(data, { maxLength: 12 }),
          fc.array(query, { minLength: 1, maxLength: 6 }),
          fc.integer({ min: 1, max: 5 }),
          async (all, queries, limit) => {
            const { documents, store } = await filled(newStore(), all)
            for (const one of queries) {
              const whole = { collection: 'things', limit, ...one }
              expect(await ids(store, whole)).toEqual(findInModel(documents, whole))
            }
          },
        ),
        { numRuns: 60 },
      )
    })

    it('lists a collection without any index, page by page', async () => {
      const store = newStore()
      const names = Array.from({ length: 25 }, (_, n) => `n${n}`)
      for (const name of names) await store.create('default', `things/${name}`, { free: [name] })
      await store.create('default', 'things/n1/below/x', {})
      await store.create('archive', 'things/other', {})
      const found = await ids(store, { collection: 'things', limit: 7 })
      expect([...found].sort()).toEqual([...names].sort())
      expect(new Set(found).size).toBe(25)
    })

    it('fails without its index, and names the one to create', async () => {
      const store = newStore()
      const missing = {
        collection: 'people/ada/letters',
        where: [{ field: 'to', op: '==', value: 'Bob' }],
        orderBy: [desc('sent.at')],
        limit: 10,
      } as const
      const failure = await store.query('default', missing).catch((error: unknown) => error)
      expect(failure).toMatchObject({
        code: 'INDEX_REQUIRED',
        details: {
          index: {
            name: expect.stringMatching(/^doc_people_letters_to_asc_sent_at_asc_[0-9a-f]{12}$/),
            collection: 'people/*/letters',
            fields: [asc('to'), asc('sent.at')],
          },
          create: expect.stringContaining('doc_people_letters_to_asc_sent_at_asc_'),
        },
      })
      expect((failure as Error).message).toContain('people/*/letters')
    })

    it('is served by an index that another process declared meanwhile', async () => {
      const store = newStore()
      const fresh = `f${testTenant().tenantId.slice(2)}`
      const wanted = { collection: 'things', orderBy: [desc(fresh)], limit: 10 }
      await store.create('default', 'things/1', { [fresh]: 1 })
      await expect(store.query('default', wanted)).rejects.toEqual(code('INDEX_REQUIRED'))
      const other = await running.open({
        documents: { indexes: [{ collection: 'things', fields: [asc(fresh)] }] },
      })
      await other.close()
      expect(await ids(store, wanted)).toEqual(['1'])
    })

    it('does not find a document that has an array or an object where it looks', async () => {
      const tenant = testTenant().tenantId
      // Written by a process that does not know of the index, and so does not refuse it.
      const unaware = await running.open()
      const writer = unaware.documents.for(tenant)
      await writer.create('default', 'things/list', { a: ['x'], b: 1 })
      await writer.create('default', 'things/object', { a: { x: 1 }, b: 1 })
      await writer.create('default', 'things/text', { a: 'x', b: 1 })
      await unaware.close()
      const store = storage.documents.for(tenant)
      const equal = { field: 'a', op: '==', value: 'x' } as const
      expect(await ids(store, { collection: 'things', where: [equal], limit: 9 })).toEqual(['text'])
      expect(await ids(store, { collection: 'things', orderBy: [asc('a')], limit: 9 })).toEqual([
        'text',
      ])
      expect(
        await ids(store, { collection: 'things', orderBy: [asc('b')], limit: 9 }),
      ).toHaveLength(3)
    })

    it('refuses to keep in an indexed field what the index could not serve', async () => {
      const store = newStore()
      for (const a of [['x'], { x: 1 }, 'x'.repeat(401)]) {
        const attempt = store.create('default', 'things/1', { a })
        await expect(attempt).rejects.toEqual(code('INVALID_INPUT'))
      }
      await store.create('default', 'things/1', {
        a: 'x'.repeat(400),
        b: 'y'.repeat(400),
        c: { d: 'z'.repeat(400) },
      })
      const patch = store.patch('default', 'things/1', { a: { b: 1 } })
      await expect(patch).rejects.toEqual(code('INVALID_INPUT'))
    })

    it('refuses queries that no index could serve', async () => {
      const store = newStore()
      const bad: readonly Partial<DocumentQuery>[] = [
        { limit: 0 },
        { limit: 1_001 },
        { limit: 1.5 },
        { collection: 'people/ada' },
        { collection: '' },
        { where: [{ field: 'a.0', op: '==', value: 1 }] },
        { where: [{ field: '$where', op: '==', value: 1 }] },
        { where: [{ field: "a'", op: '==', value: 1 }] },
        { where: [{ field: 'a', op: '!=' as '==', value: 1 }] },
        { where: [{ field: 'a', op: '==', value: { $gt: '' } as unknown as string }] },
        { where: [{ field: 'a', op: '==', value: 'x\0' }] },
        { where: [{ field: 'a', op: '>', value: true }] },
        { where: [{ field: 'a', op: '>', value: null }] },
        {
          where: [
            { field: 'a', op: '>', value: 1 },
            { field: 'b', op: '<', value: 1 },
          ],
        },
        {
          where: [
            { field: 'a', op: '>', value: 1 },
            { field: 'a', op: '>=', value: 1 },
          ],
        },
        {
          where: [
            { field: 'a', op: '>', value: 1 },
            { field: 'a', op: '<', value: 'x' },
          ],
        },
        {
          where: [
            { field: 'a', op: '==', value: 1 },
            { field: 'a', op: '==', value: 1 },
          ],
        },
        { where: [{ field: 'a', op: '>', value: 1 }], orderBy: [asc('b')] },
        { orderBy: [asc('a'), desc('a')] },
        { orderBy: [{ field: 'a', direction: 'up' as 'asc' }] },
        { orderBy: ['a', 'b', 'c', 'd', 'e'].map(asc) },
      ]
      for (const one of bad) {
        const attempt = store.query('default', { collection: 'things', limit: 1, ...one })
        await expect(attempt, JSON.stringify(one)).rejects.toEqual(code('INVALID_INPUT'))
      }
    })

    it('takes a page token for the query that it belongs to, and for no other', async () => {
      const { store } = await filled(newStore(), [{ a: 1 }, { a: 2 }, { a: 3 }])
      const whole = { collection: 'things', orderBy: [asc('a')], limit: 1 }
      const { next } = await store.query('default', whole)
      const token = next ?? ''
      expect((await store.query('default', { ...whole, token })).documents[0]?.data).toEqual({
        a: 2,
      })
      const others: readonly DocumentQuery[] = [
        { ...whole, orderBy: [desc('a')], token },
        { collection: 'things', limit: 1, token },
        { ...whole, token: `${token}A` },
        { ...whole, token: 'x' },
        { ...whole, token: '' },
      ]
      for (const other of others) {
        await expect(store.query('default', other)).rejects.toEqual(code('CURSOR_INVALID'))
      }
    })
  })
}

async function filled(
  store: DocumentStore,
  all: readonly ModelDocument['data'][],
): Promise<{ documents: readonly ModelDocument[]; store: DocumentStore }> {
  const documents = all.map((one, n) => ({ id: `d${n}`, data: one }))
  for (const one of documents) await store.create('default', `things/${one.id}`, one.data)
  return { documents, store }
}

/** All pages; a page that is not the last one is full. */
async function ids(store: DocumentStore, query: DocumentQuery): Promise<readonly string[]> {
  const found: string[] = []
  let token: string | null = null
  do {
    const page = await store.query('default', { ...query, ...(token === null ? {} : { token }) })
    expect(page.documents.length).toBe(page.next === null ? page.documents.length : query.limit)
    found.push(...page.documents.map(({ id }) => id))
    token = page.next
  } while (token !== null)
  return found
}
