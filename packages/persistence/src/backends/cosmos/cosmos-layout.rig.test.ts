import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds, describeWith, fixedClock, testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from '../../ports/key-layout.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import type { OpenBackend } from '../backend.js'
import type { StoredItem } from './items.js'
import { runCosmos, type RunningCosmos } from './testing/cosmos-rig.js'
import { cosmosRig } from './testing/cosmos-server.js'

const newId = createIds()

const chats: KeyLayout = {
  attributes: ['thread_id', 'ts', 'list'],
  shapes: [
    {
      pk: 'chat#{project_id}#{thread_id}',
      sk: 'ts#{ts}#{message_id}',
      partition: 'chat#{tenant_id}#{project_id}#{thread_id}',
      id: 'ts#{message_id}',
    },
  ],
}
const tables: KeyLayout = {
  shapes: [
    {
      pk: 'table#{table}',
      sk: '{key...}',
      partition: 'table#{tenant_id}#{table}',
      id: '{key...}',
      collection: '{table}',
    },
  ],
}

describeWith(cosmosRig, 'the items of a Cosmos container', () => {
  const clock = fixedClock()
  let running: RunningCosmos
  let backend: OpenBackend

  beforeAll(async () => {
    running = await runCosmos(clock.now)
    backend = running.open()
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function raw(
    pk: string,
    container = running.config.container,
  ): Promise<readonly StoredItem[]> {
    const query = 'SELECT * FROM c WHERE c.pk = @pk ORDER BY c.sk'
    const { resources } = await running.database
      .container(container)
      .items.query<StoredItem>({ query, parameters: [{ name: '@pk', value: pk }] })
      .fetchAll()
    return resources
  }

  it('begin with the tenant where a store declares nothing, and have no # in their ids', async () => {
    const { tenantId } = testTenant()
    const streams = createEventStreamStore(backend.records.for(tenantId), { now: clock.now })
    const [event] = await streams.append('timeline/l#1', [newEvent('e#1')])
    const items = await raw(`${tenantId}#stream#timeline/l%231`)
    const ts = String(event?.position).padStart(16, '0')
    expect(items.map(({ sk }) => sk)).toEqual([`event#${ts}#e%231`, 'head', 'id#e%231'])
    expect(items.map(({ id }) => id)).toEqual([`event~23${ts}~23e~25231`, 'head', 'id~23e~25231'])
    expect(items.map((item) => item.tenant_id)).toEqual(Array(3).fill(tenantId))
  })

  it('hold value, expiry and the fields that the layout names', async () => {
    const { tenantId } = testTenant()
    const expiresAt = new Date(clock.now() + 90_500)
    const value = { thread_id: 't', ts: 1, list: [[1]], deep: { a: null, 'b c': 'Ü 😀' } }
    const table = backend.records.for(tenantId, chats)
    await table.put('chat#p#t', 'ts#1#m/1', value, { expiresAt })
    const [item, ...others] = await raw(`chat#${tenantId}#p#t`)
    expect(others).toEqual([])
    expect(item).toMatchObject({
      id: 'ts~23m~2F1',
      sk: 'ts#1#m/1',
      record_pk: 'chat#p#t',
      value,
      thread_id: 't',
      ts: 1,
      expires_at: expiresAt.getTime(),
      ttl: 91,
    })
    expect(item).not.toHaveProperty('list')
  })

  it('have ids that lead back to keys which no id can be', async () => {
    const table = backend.records.for(testTenant().tenantId)
    const long = '/'.repeat(1_024)
    const keys = [
      '.',
      '..',
      'a/b',
      'a\\b',
      'a?b',
      'a#b',
      'a%2Fb',
      '~2F',
      '~',
      ' ',
      'x ',
      '\u0001',
      'ä',
    ]
    for (const sk of [...keys, 'ä'.repeat(512), long]) {
      await table.put(sk, sk, { sk })
      expect((await table.get(sk, sk))?.value).toEqual({ sk })
      expect((await table.query(sk, { limit: 9 })).records.map((record) => record.sk)).toEqual([sk])
      await table.delete(sk, sk)
      expect(await table.get(sk, sk)).toBeNull()
    }
  })

  it('of a container that the layout names come into being with it', async () => {
    const { tenantId } = testTenant()
    const name = `t${newId().toLowerCase()}`
    const table = backend.records.for(tenantId, tables)
    expect(await table.get(`table#${name}`, 'k')).toBeNull()
    expect((await table.query(`table#${name}`, { limit: 9 })).records).toEqual([])
    await table.delete(`table#${name}`, 'k')
    await table.transact(`table#${name}`, [
      { op: 'put', sk: 'a', value: { n: 1 }, expect: 'absent' },
      { op: 'put', sk: 'b#c', value: { n: 2 } },
    ])
    expect((await raw(`table#${tenantId}#${name}`, name)).map(({ id }) => id)).toEqual([
      'a',
      'b~23c',
    ])
    const { resource } = await running.database.container(name).read()
    expect(resource).toMatchObject({ partitionKey: { paths: ['/pk'], version: 2 }, defaultTtl: -1 })
  })

  it('are written over and removed whatever their version, where the layout is a store’s', async () => {
    const table = backend.records.for(testTenant().tenantId, chats)
    await table.delete('chat#p#t', 'ts#1#m')
    await table.put('chat#p#t', 'ts#1#m', { n: 1 })
    await table.put('chat#p#t', 'ts#1#m', { n: 2 })
    expect((await table.get('chat#p#t', 'ts#1#m'))?.value).toEqual({ n: 2 })
    await table.transact('chat#p#t', [
      { op: 'delete', sk: 'ts#1#m' },
      { op: 'delete', sk: 'ts#2#none' },
    ])
    expect((await table.query('chat#p#t', { limit: 9 })).records).toEqual([])
    await table.put('chat#p#t', 'ts#2#none', {}, { expect: 'absent' })
  })

  it('stay the first record’s where a layout gives two the same place', async () => {
    const table = backend.records.for(testTenant().tenantId, chats)
    await table.put('chat#p#t', 'ts#1#m', { first: true })
    // Another time, the same message: the layout's id does not tell them apart.
    expect(await table.get('chat#p#t', 'ts#2#m')).toBeNull()
    for (const expect_ of ['anything', 'absent'] as const) {
      await expect(table.put('chat#p#t', 'ts#2#m', {}, { expect: expect_ })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    }
    await expect(table.delete('chat#p#t', 'ts#2#m')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await table.get('chat#p#t', 'ts#1#m'))?.value).toEqual({ first: true })
  })

  it('keep tenants apart whose names are parts of the keys of another layout', async () => {
    const id = newId().toLowerCase()
    const named = backend.records.for(`chat${id}` as TenantId)
    const other = backend.records.for(`t_${id}` as TenantId, { tenantAt: 1 })
    // Both are `chat…#t_…#p`.
    const version = await other.put(`chat${id}#p`, 'k', { secret: true })
    const pk = `t_${id}#p`
    expect(await named.get(pk, 'k')).toBeNull()
    expect(await named.getMany(pk, ['k'])).toEqual([null])
    expect((await named.query(pk, { limit: 10 })).records).toEqual([])
    await expect(named.put(pk, 'k', {}, { expect: 'absent' })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await other.get(`chat${id}#p`, 'k')).toMatchObject({ value: { secret: true }, version })
  })

  it('are found by nobody once expired, though Cosmos has not deleted them yet', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId)
    const expiresAt = new Date(clock.now() + 1_000)
    await table.transact(
      'p',
      Array.from({ length: 30 }, (_, n) => {
        const sk = `k${String(n).padStart(2, '0')}`
        const expiry = n % 10 === 9 ? {} : { expiresAt }
        return { op: 'put', sk, value: {}, ...expiry } as const
      }),
    )
    clock.advance(1_000)
    expect(await raw(`${tenantId}#p`)).toHaveLength(30)
    const page = await table.query('p', { limit: 2 })
    expect(page.records.map(({ sk }) => sk)).toEqual(['k09', 'k19'])
    const rest = await table.query('p', { limit: 2, token: page.next ?? '' })
    expect(rest.records.map(({ sk }) => sk)).toEqual(['k29'])
    expect(rest.next).toBeNull()
  })

  it('are not there after a batch that removed them, though they never were', async () => {
    const { tenantId } = testTenant()
    const table = backend.records.for(tenantId)
    await table.transact('p', [
      { op: 'put', sk: 'a', value: {} },
      { op: 'delete', sk: 'b' },
    ])
    // What is left says that it has expired.
    expect((await raw(`${tenantId}#p`)).map(({ sk, ttl }) => [sk, ttl])).toEqual([
      ['a', undefined],
      ['b', 1],
    ])
    expect(await table.get('p', 'b')).toBeNull()
    await table.put('p', 'b', { n: 1 }, { expect: 'absent' })
    expect((await table.get('p', 'b'))?.value).toEqual({ n: 1 })
  })

  it('are provisioned for, again and again, and what is left to the account is said', async () => {
    const name = `heirloom-test-${newId()}`
    const own = running.backend.open({ ...running.config, database: name })
    await expect(own.ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('heirloom routes provision'),
    })
    const first = await own.provision?.()
    expect(first?.done).toEqual([
      `database ${name}`,
      'container records, partitioned by /pk, with autoscale',
    ])
    expect(first?.refused).toMatchObject([{ step: 'point-in-time recovery' }])
    const second = await own.provision?.()
    expect(second?.done).toEqual([])
    // A server without offers cannot say what throughput a container has.
    const rest = second?.refused.map(({ step }) => step) ?? []
    expect([...(second?.found ?? []), ...rest].sort()).toEqual([
      'autoscale of the container records',
      'container records, partitioned by /pk',
      `database ${name}`,
      'deletion of expired records of the container records by ttl',
      'no index of the values in the container records',
      'point-in-time recovery',
    ])
    await own.ping()
    await own.close()
    await running.database.client.database(name).delete()
  })

  it('need a container with the partition key /pk', async () => {
    const id = `wrong-${newId()}`
    await running.database.containers.create({ id, partitionKey: { paths: ['/tenant'] } })
    const wrong = running.backend.open({ ...running.config, container: id })
    const report = wrong.provision?.()
    await expect(report).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('/pk'),
    })
    await wrong.close()
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
