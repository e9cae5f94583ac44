import { once } from 'node:events'
import { FieldPath } from '@google-cloud/firestore'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds, describeWith, fixedClock, testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from '../../ports/key-layout.js'
import type { JsonObject } from '../../ports/record-table.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import type { OpenBackend } from '../backend.js'
import { runFirestore, type RunningFirestore } from './testing/firestore-rig.js'
import { firestoreRig } from './testing/firestore-server.js'

const newId = createIds()
const pk = 'chat#saas#project#thread'

describeWith(firestoreRig, 'the documents of a Firestore collection', () => {
  const clock = fixedClock()
  let running: RunningFirestore
  let backend: OpenBackend
  let chats: KeyLayout

  beforeAll(async () => {
    running = await runFirestore(clock.now)
    backend = running.open()
    chats = {
      attributes: ['thread_id', 'ts'],
      shapes: [
        shape('ts#{ts}#{message_id}', 'messages', 'ts#{message_id}'),
        shape('head', 'thread', 'head'),
        shape('run#{run_id}#{message_id}', 'runs', 'run#{run_id}#{message_id}'),
      ],
    }
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  function shape(sk: string, collection: string, id: string) {
    const thread = `${running.config.collection}/{tenant_id}#{mode}#{project_id}#{thread_id}`
    return {
      pk: 'chat#{mode}#{project_id}#{thread_id}',
      sk,
      partition: 'chat#{tenant_id}#{project_id}#{thread_id}',
      collection: `${thread}/${collection}`,
      id,
    }
  }

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function raw(...path: readonly string[]): Promise<readonly string[]> {
    const { docs } = await running.client
      .collection([running.config.collection, ...path].join('/'))
      .orderBy(FieldPath.documentId())
      .get()
    return docs.map((document) => document.id)
  }

  it('lie below a document per stream, which begins with the tenant', async () => {
    const { tenantId } = testTenant()
    const streams = createEventStreamStore(backend.records.for(tenantId), { now: clock.now })
    const [event] = await streams.append('timeline/l#1', [newEvent('e#1')])
    const ts = String(event?.position).padStart(16, '0')
    expect(await raw(`${tenantId}#stream#timeline~2Fl%231`, 'records')).toEqual([
      `event#${ts}#e%231`,
      'head',
      'id#e%231',
    ])
  })

  it('hold the value as a map, and beside it what queries and expiry need', async () => {
    const { tenantId } = testTenant()
    const expiresAt = new Date(clock.now() + 1_500)
    const value = {
      title: 'Ü',
      n: 1,
      half: 0.5,
      big: 2 ** 60,
      list: [{ a: null }],
      deep: { b: {} },
    }
    const table = backend.records.for(tenantId, { attributes: ['title', 'n', 'list'] })
    await table.put('p', 'k', value, { expiresAt })
    const document = await running.client
      .collection(running.config.collection)
      .doc(`${tenantId}#p`)
      .collection('records')
      .doc('k')
      .get()
    expect(document.data()).toMatchObject({ pk: 'p', sk: 'k', tenant_id: tenantId, value })
    expect(document.data()).toMatchObject({ title: 'Ü', n: 1 })
    expect(document.get('list')).toBeUndefined()
    expect(document.get('expires_at').toDate()).toEqual(expiresAt)
    expect((await table.get('p', 'k'))?.value).toEqual(value)
  })

  it('hold the text of a value that Firestore has no map for', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId)
    let deep: JsonObject = {}
    for (let level = 0; level < 60; level += 1) deep = { deep }
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, n]))
    const values: readonly JsonObject[] = [
      { list: [[1]] },
      { ['__id__']: 1 },
      { ['']: 1 },
      { ['n'.repeat(2_000)]: 1 },
      { [`a.b\`/\\*~[]`]: { 'x y': 1 } },
      { text: 'x'.repeat(900_000) },
      deep,
      many,
    ]
    for (const [index, value] of values.entries()) {
      await table.put('p', `k${index}`, value)
      expect((await table.get('p', `k${index}`))?.value).toEqual(value)
    }
  })

  it('have ids that lead back to keys which no document id can be', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId)
    const keys = ['.', '..', '__x__', '__', 'a/b', '~2F', '/', '~', '\u0001', 'ä'.repeat(512)]
    for (const sk of keys) {
      await table.put(sk, sk, { sk })
      expect((await table.get(sk, sk))?.value).toEqual({ sk })
      expect((await table.query(sk, { limit: 9 })).records.map((record) => record.sk)).toEqual([sk])
    }
    const slashes = '/'.repeat(1_024)
    await table.put(slashes, slashes, { long: true })
    expect((await table.query(slashes, { limit: 9 })).records[0]?.sk).toBe(slashes)
  })

  it('lie where the layout of a store says, one partition in several collections', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId, chats)
    await table.transact(pk, [
      { op: 'put', sk: 'head', value: { n: 3 }, expect: 'absent' },
      { op: 'put', sk: 'ts#1#m1', value: { thread_id: 't', ts: 1 } },
      { op: 'put', sk: 'ts#2#m/2', value: { thread_id: 't', ts: 2 } },
      { op: 'put', sk: 'run#r#m1', value: {} },
      { op: 'put', sk: 'ts#3#m3', value: { thread_id: 't', ts: 3 } },
    ])
    const thread = `${tenantId}#saas#project#thread`
    expect(await raw(thread, 'messages')).toEqual(['ts#m1', 'ts#m3', 'ts#m~2F2'])
    expect(await raw(thread, 'thread')).toEqual(['head'])
    expect(await raw(thread, 'runs')).toEqual(['run#r#m1'])
    const all = ['head', 'run#r#m1', 'ts#1#m1', 'ts#2#m/2', 'ts#3#m3']
    for (const order of ['ascending', 'descending'] as const) {
      for (const limit of [1, 2, 3, 9]) {
        const seen: string[] = []
        let token: string | null = null
        do {
          const page = await table.query(pk, {
            order,
            limit,
            ...(token === null ? {} : { token }),
          })
          seen.push(...page.records.map(({ sk }) => sk))
          token = page.next
        } while (token !== null)
        expect(seen).toEqual(order === 'ascending' ? all : all.toReversed())
      }
    }
    const newest = await table.query(pk, { prefix: 'ts#', order: 'descending', limit: 1 })
    expect(newest.records.map(({ sk }) => sk)).toEqual(['ts#3#m3'])
  })

  it('are written over and removed whatever their version, where the layout is a store’s', async () => {
    const table = backend.records.for(testTenant().tenantId, chats)
    await table.delete(pk, 'head')
    await table.put(pk, 'head', { n: 1 })
    await table.put(pk, 'head', { n: 2 })
    expect((await table.get(pk, 'head'))?.value).toEqual({ n: 2 })
    await table.delete(pk, 'head')
    expect(await table.get(pk, 'head')).toBeNull()
  })

  it('stay the first tenant’s where a layout names no tenant', async () => {
    const shared: KeyLayout = {
      shapes: [
        {
          pk: 'config#{surface}',
          sk: 'latest',
          partition: 'config#{tenant_id}',
          collection: running.config.collection,
          id: 'scope#system#{surface}',
        },
      ],
    }
    const [mine, theirs] = [testTenant(), testTenant()].map(({ tenantId }) =>
      backend.records.for(tenantId, shared),
    )
    await mine?.put('config#s', 'latest', { mine: true })
    expect(await theirs?.get('config#s', 'latest')).toBeNull()
    expect((await theirs?.query('config#s', { limit: 9 }))?.records).toEqual([])
    for (const expect_ of ['anything', 'absent'] as const) {
      await expect(
        theirs?.put('config#s', 'latest', {}, { expect: expect_ }),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    await expect(theirs?.delete('config#s', 'latest')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await mine?.get('config#s', 'latest'))?.value).toEqual({ mine: true })
  })

  it('keep tenants apart whose names are parts of the keys of another layout', async () => {
    const id = newId().toLowerCase()
    const named = backend.records.for(`chat${id}` as TenantId)
    const other = backend.records.for(`t_${id}` as TenantId, { tenantAt: 1 })
    // Both would be `chat…#t_…#p`.
    const version = await other.put(`chat${id}#p`, 'k', { secret: true })
    expect(await named.get(`t_${id}#p`, 'k')).toBeNull()
    await named.put(`t_${id}#p`, 'k', { mine: true })
    expect(await other.get(`chat${id}#p`, 'k')).toMatchObject({ value: { secret: true }, version })
  })

  it('are found by nobody once expired, though Firestore has not deleted them yet', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId)
    const expiresAt = new Date(clock.now() + 1_000)
    for (let n = 0; n < 30; n += 1) {
      await table.put('p', `k${String(n).padStart(2, '0')}`, {}, n % 10 === 9 ? {} : { expiresAt })
    }
    clock.advance(1_000)
    expect(await raw(`${tenantId}#p`, 'records')).toHaveLength(30)
    const page = await table.query('p', { limit: 2 })
    expect(page.records.map(({ sk }) => sk)).toEqual(['k09', 'k19'])
    const rest = await table.query('p', { limit: 2, token: page.next ?? '' })
    expect(rest.records.map(({ sk }) => sk)).toEqual(['k29'])
    expect(rest.next).toBeNull()
    expect((await table.query('p', { limit: 9, prefix: 'k0' })).records).toHaveLength(1)
  })

  it('are read in pages of bounded size, however many were asked for', async () => {
    const table = backend.records.for(testTenant().tenantId)
    const text = 'x'.repeat(900_000)
    const keys = Array.from({ length: 12 }, (_, n) => `k${String(n).padStart(2, '0')}`)
    for (const sk of keys) await table.put('p', sk, { text })
    const first = await table.query('p', { limit: 100 })
    expect(first.records.length).toBeLessThan(keys.length)
    const rest = await table.query('p', { limit: 100, token: first.next ?? '' })
    expect([...first.records, ...rest.records].map(({ sk }) => sk)).toEqual(keys)
    expect(rest.next).toBeNull()
  })

  it('wake everybody who waits for their partition, and nobody who no longer does', async () => {
    const { tenantId } = testTenant()
    const woken: string[] = []
    const next = (name: string): { promise: Promise<void>; stop: () => void } => {
      const bell = new AbortController()
      const stop = backend.records.for(tenantId).onChange('p', () => {
        woken.push(name)
        bell.abort()
      })
      return { promise: once(bell.signal, 'abort').then(() => undefined), stop }
    }
    const [one, other] = [next('one'), next('other')]
    // Each is woken by the connection first.
    await Promise.all([one.promise, other.promise])
    other.stop()
    woken.length = 0
    const again = next('again')
    await backend.records.for(tenantId).put('p', 'k', {})
    await again.promise
    expect(woken).toContain('one')
    expect(woken).not.toContain('other')
    one.stop()
    again.stop()
  })

  it('are provisioned for as far as the server lets us, which says what it refused', async () => {
    const report = await backend.provision?.()
    const steps = [...(report?.done ?? []), ...(report?.found ?? [])]
    const refused = report?.refused ?? []
    expect([...steps, ...refused.map(({ step }) => step)].sort()).toEqual([
      'deletion of expired records of the collections "items"',
      'deletion of expired records of the collections "records"',
      'no index of the values in the collections "items"',
      'no index of the values in the collections "records"',
      'point-in-time recovery',
    ])
    for (const { reason } of refused) expect(reason).not.toBe('')
  })
})

function newEvent(id: string) {
  return {
    id,
    type: 'Told',
    occurredAt: new Date('2025-01-01T00:00:00Z'),
    actorId: null,
    data: {},
  }
}
