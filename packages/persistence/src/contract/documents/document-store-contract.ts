import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, testTenant } from '@heirloom/testkit'
import { tenantId } from '@heirloom/tenancy'
import type { Storage } from '../../documents/storage.js'
import type { DocumentStore } from '../../ports/document-store.js'
import type { JsonObject } from '../../ports/record-table.js'
import { vaultTenant, type RunningStorage, type StorageRig } from './storage-rig.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })
const dayMs = 86_400_000

export function documentStoreContract(rig: StorageRig): void {
  describe(`DocumentStore on ${rig.name}`, () => {
    let running: RunningStorage
    let storage: Storage
    const clock = fixedClock(Date.now())
    const newStore = (): DocumentStore => storage.documents.for(testTenant().tenantId)
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open({
        now: clock.now,
        documents: { softDeleteRetentionMs: dayMs },
      })
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('gives back what was created, and nothing of how it is kept', async () => {
      const store = newStore()
      const created = await store.create('default', 'people/ada', { name: 'Ada', born: 1815 })
      expect(created).toEqual({
        collection: 'people',
        id: 'ada',
        version: 1,
        createdAt: new Date(clock.now()),
        updatedAt: new Date(clock.now()),
        data: { name: 'Ada', born: 1815 },
      })
      expect(await store.get('default', 'people/ada')).toEqual(created)
      expect(await store.get('default', 'people/bob')).toBeNull()
    })

    it('keeps documents below documents apart from those above', async () => {
      const store = newStore()
      await store.create('default', 'people/ada', { n: 1 })
      await store.create('default', 'people/ada/letters/1', { n: 2 })
      const letter = await store.get('default', 'people/ada/letters/1')
      expect(letter).toMatchObject({ collection: 'people/ada/letters', id: '1', data: { n: 2 } })
      const { documents } = await store.query('default', { collection: 'people', limit: 10 })
      expect(documents.map(({ id }) => id)).toEqual(['ada'])
    })

    it('refuses to create what is there', async () => {
      const store = newStore()
      await store.create('default', 'people/ada', {})
      await expect(store.create('default', 'people/ada', {})).rejects.toEqual(code('CONFLICT'))
    })

    it('replaces by update, and merges by patch as RFC 7396 says', async () => {
      const store = newStore()
      await store.create('default', 'people/ada', { a: 1 })
      clock.advance(5)
      const updated = await store.update('default', 'people/ada', { b: { c: [1, 2], d: 'x' } })
      expect(updated).toMatchObject({ version: 2, data: { b: { c: [1, 2], d: 'x' } } })
      expect(updated.updatedAt.getTime() - updated.createdAt.getTime()).toBe(5)
      const patch = { b: { c: [3], d: null, e: { f: null } }, g: null, h: 'new' }
      const patched = await store.patch('default', 'people/ada', patch)
      expect(patched).toMatchObject({ version: 3, data: { b: { c: [3], e: {} }, h: 'new' } })
      expect(await store.get('default', 'people/ada')).toEqual(patched)
    })

    it('changes only the version that was read', async () => {
      const store = newStore()
      const { version } = await store.create('default', 'people/ada', { n: 1 })
      await store.update('default', 'people/ada', { n: 2 }, { ifVersion: version })
      const stale = { ifVersion: version }
      for (const attempt of [
        () => store.update('default', 'people/ada', { n: 3 }, stale),
        () => store.patch('default', 'people/ada', { n: 3 }, stale),
        () => store.delete('default', 'people/ada', stale),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: 'CONFLICT', details: { version: 2 } })
      }
      expect((await store.get('default', 'people/ada'))?.data).toEqual({ n: 2 })
    })

    it('has nothing to change where nothing is', async () => {
      const store = newStore()
      for (const attempt of [
        () => store.update('default', 'people/ada', {}),
        () => store.patch('default', 'people/ada', {}),
        () => store.delete('default', 'people/ada'),
      ]) {
        await expect(attempt()).rejects.toEqual(code('NOT_FOUND'))
      }
    })

    it('deletes for every reader, and goes on with the versions when the path begins again', async () => {
      const store = newStore()
      const first = await store.create('default', 'people/ada', { n: 1 })
      await store.delete('default', 'people/ada')
      expect(await store.get('default', 'people/ada')).toBeNull()
      const listed = await store.query('default', { collection: 'people', limit: 10 })
      expect(listed.documents).toEqual([])
      await expect(store.delete('default', 'people/ada')).rejects.toEqual(code('NOT_FOUND'))
      const again = await store.create('default', 'people/ada', { n: 2 })
      expect(again.version).toBe(3)
      expect(again.createdAt.getTime()).toBeGreaterThan(first.createdAt.getTime())
      const stale = store.update('default', 'people/ada', {}, { ifVersion: first.version })
      await expect(stale).rejects.toEqual(code('CONFLICT'))
    })

    it('keeps the same path of other tenants and other databases apart', async () => {
      const [one, two] = [newStore(), newStore()]
      await one.create('default', 'people/ada', { whose: 'one' })
      await one.create('archive', 'people/ada', { whose: 'one, archived' })
      await two.create('default', 'people/ada', { whose: 'two' })
      await one.delete('archive', 'people/ada')
      await two.update('default', 'people/ada', { whose: 'two still' })
      expect((await one.get('default', 'people/ada'))?.data).toEqual({ whose: 'one' })
      expect((await two.get('default', 'people/ada'))?.data).toEqual({ whose: 'two still' })
    })

    it('gives another tenant nothing by any method', async () => {
      const [one, two] = [newStore(), newStore()]
      await one.create('default', 'people/ada', { secret: true })
      expect(await two.get('default', 'people/ada')).toBeNull()
      await expect(two.update('default', 'people/ada', {})).rejects.toEqual(code('NOT_FOUND'))
      await expect(two.patch('default', 'people/ada', {})).rejects.toEqual(code('NOT_FOUND'))
      await expect(two.delete('default', 'people/ada')).rejects.toEqual(code('NOT_FOUND'))
      const listed = await two.query('default', { collection: 'people', limit: 10 })
      expect(listed.documents).toEqual([])
      expect((await one.get('default', 'people/ada'))?.version).toBe(1)
    })

    it('fails closed for a database that is empty, unknown, or another tenant’s own', async () => {
      const store = newStore()
      const calls: readonly ((database: string) => Promise<unknown>)[] = [
        (database) => store.get(database, 'people/ada'),
        (database) => store.create(database, 'people/ada', {}),
        (database) => store.update(database, 'people/ada', {}),
        (database) => store.patch(database, 'people/ada', {}),
        (database) => store.delete(database, 'people/ada'),
        (database) => store.query(database, { collection: 'people', limit: 1 }),
        (database) => store.watch(database),
      ]
      for (const call of calls) {
        await expect(call('')).rejects.toEqual(code('INVALID_INPUT'))
        for (const unknown of ['nowhere', 'Default', 'default ', '__proto__', 'vault']) {
          await expect(call(unknown)).rejects.toEqual(code('DATABASE_UNKNOWN'))
        }
      }
      const owner = storage.documents.for(tenantId(vaultTenant))
      const path = `people/${testTenant().tenantId}`
      await owner.create('vault', path, { n: 1 })
      expect((await owner.get('vault', path))?.data).toEqual({ n: 1 })
      expect(await owner.get('default', path)).toBeNull()
    })

    it('keeps every JSON, names with a meaning elsewhere included', async () => {
      const store = newStore()
      const data = JSON.parse(
        `{"$ref":"a","$id":1,"_bsontype":"ObjectId","a.b":{"c.d":[1,{"$x":null}]},"":"empty",
          "%2E":"%","__proto__":{"x":1},"constructor":2,"ü😀":"ü😀\\u0001","n":[-1.5e300,5e-324,
          9007199254740993,0,true,false,null,"",[],{}],"id":1,"_id":2,"deleted":true}`,
      ) as JsonObject
      await store.create('default', 'things/1', data)
      const found = await store.get('default', 'things/1')
      expect(JSON.stringify(sorted(found?.data))).toBe(JSON.stringify(sorted(data)))
      const negativeZero = await store.create('default', 'things/2', { n: -0 })
      expect(Object.is(negativeZero.data['n'], 0)).toBe(true)
    })

    it('refuses what no backend could keep, and writes nothing of it', async () => {
      const store = newStore()
      let deep: JsonObject = {}
      for (let level = 0; level < 70; level += 1) deep = { deep }
      const bad: readonly unknown[] = [
        null,
        [],
        'text',
        { a: 'a\0' },
        { 'a\0': 1 },
        { a: '\uD800' },
        { a: Number.NaN },
        { a: Infinity },
        { a: undefined },
        { a: () => 1 },
        { a: 1n },
        deep,
      ]
      for (const data of bad) {
        const attempt = store.create('default', 'things/1', data as JsonObject)
        await expect(attempt).rejects.toEqual(code('INVALID_INPUT'))
      }
      const large = store.create('default', 'things/1', { a: 'x'.repeat(1_048_577) })
      await expect(large).rejects.toEqual(code('PAYLOAD_TOO_LARGE'))
      expect(await store.get('default', 'things/1')).toBeNull()
      await store.create('default', 'things/1', { a: 'x'.repeat(1_000_000) })
      const grown = store.patch('default', 'things/1', { b: 'x'.repeat(100_000) })
      await expect(grown).rejects.toEqual(code('PAYLOAD_TOO_LARGE'))
      expect((await store.get('default', 'things/1'))?.version).toBe(1)
    })

    it('refuses paths that are none', async () => {
      const store = newStore()
      for (const path of [
        '',
        'people',
        'people/',
        '/people/ada',
        'people//ada',
        'people/ada/letters',
        '1people/ada',
        'pe ople/ada',
        'people/a\0',
        'people/a\n',
        'people/\uDC00',
        `people/${'x'.repeat(257)}`,
        `people/${`a/${'c'.repeat(60)}/`.repeat(20)}a`,
      ]) {
        await expect(store.get('default', path)).rejects.toEqual(code('INVALID_INPUT'))
      }
      const id = 'ä'.repeat(128)
      await store.create('default', `people/${id}`, { n: 1 })
      expect((await store.get('default', `people/${id}`))?.id).toBe(id)
      for (const odd of ['#', '..', '*', '%2F', ':', '$', "'", ' ', '😀']) {
        await store.create('default', `people/${odd}`, { odd })
        expect((await store.get('default', `people/${odd}`))?.data).toEqual({ odd })
      }
    })

    it('loses none of the patches that are made at the same time', async () => {
      const store = newStore()
      await store.create('default', 'people/ada', {})
      const writers = Array.from({ length: 20 }, (_, n) =>
        store.patch('default', 'people/ada', { [`f${n}`]: n }),
      )
      const versions = (await Promise.all(writers)).map(({ version }) => version)
      expect(new Set(versions).size).toBe(20)
      const found = await store.get('default', 'people/ada')
      expect(found?.version).toBe(21)
      expect(Object.keys(found?.data ?? {})).toHaveLength(20)
    })

    it('lets one of several creators win, and one of several who saw the same version', async () => {
      const store = newStore()
      const won = async (attempts: readonly Promise<unknown>[]): Promise<number> =>
        (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled').length
      const all = Array.from({ length: 10 }, (_, n) => n)
      expect(await won(all.map((n) => store.create('default', 'people/ada', { n })))).toBe(1)
      const condition = { ifVersion: 1 }
      const update = (n: number): Promise<unknown> =>
        store.update('default', 'people/ada', { n }, condition)
      expect(await won(all.map(update))).toBe(1)
      await store.delete('default', 'people/ada')
      expect(await won(all.map((n) => store.create('default', 'people/ada', { n })))).toBe(1)
      expect((await store.get('default', 'people/ada'))?.version).toBe(4)
    })

    it('is seen by another process at once', async () => {
      const other = await running.open({ now: clock.now })
      try {
        const { tenantId } = testTenant()
        const store = storage.documents.for(tenantId)
        await store.create('default', 'people/ada', { n: 1 })
        const seen = await other.documents.for(tenantId).get('default', 'people/ada')
        expect(seen?.data).toEqual({ n: 1 })
      } finally {
        await other.close()
      }
    })
  })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)])
}
