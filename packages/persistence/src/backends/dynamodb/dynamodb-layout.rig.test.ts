import { QueryCommand, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds, describeWith, fixedClock, testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backend.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import { runDynamoDb, type RunningDynamoDb } from './testing/dynamodb-rig.js'
import { dynamoDbRig } from './testing/dynamodb-server.js'

const newId = createIds()

describeWith(dynamoDbRig, 'the items of a DynamoDB table', () => {
  const clock = fixedClock()
  let running: RunningDynamoDb
  let backend: OpenBackend

  beforeAll(async () => {
    running = await runDynamoDb(clock.now)
    backend = running.open()
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function raw(PK: string): Promise<readonly Record<string, AttributeValue>[]> {
    const output = await running.client.send(
      new QueryCommand({
        TableName: running.config.table_name,
        KeyConditionExpression: 'PK = :pk',
        ExpressionAttributeValues: { ':pk': { S: PK } },
        ConsistentRead: true,
      }),
    )
    return output.Items ?? []
  }

  it('begin with the tenant where a store declares nothing', async () => {
    const { tenantId } = testTenant()
    const streams = createEventStreamStore(backend.records.for(tenantId), { now: clock.now })
    const [event] = await streams.append('timeline/l#1', [newEvent('e#1')])
    const items = await raw(`${tenantId}#stream#timeline/l%231`)
    const ts = String(event?.position).padStart(16, '0')
    expect(items.map(({ SK }) => SK?.S)).toEqual([`event#${ts}#e%231`, 'head', 'id#e%231'])
    expect(items.map((item) => item['tenant_id']?.S)).toEqual(Array(3).fill(tenantId))
  })

  it('have the tenant where the layout of a store has it', async () => {
    const { tenantId } = testTenant()
    for (const [tenantAt, pk, native] of [
      [1, 'stream#s', `stream#${tenantId}#s`],
      [1, 'chat#project#thread', `chat#${tenantId}#project#thread`],
      [2, 'config#system', `config#system#${tenantId}`],
      [1, 'tenant', `tenant#${tenantId}`],
      [1, 'canvas#project#canvas', `canvas#${tenantId}#project#canvas`],
      [1, 'session#saas#project', `session#${tenantId}#saas#project`],
      [1, 'routes', `routes#${tenantId}`],
    ] as const) {
      const table = backend.records.for(tenantId, { tenantAt })
      await table.put(pk, 'ts#1#m', { text: 'hello' })
      expect((await raw(native)).map(({ SK }) => SK?.S)).toEqual(['ts#1#m'])
      expect((await table.get(pk, 'ts#1#m'))?.value).toEqual({ text: 'hello' })
    }
  })

  it('refuse a key with fewer parts than its layout', async () => {
    const table = backend.records.for(testTenant().tenantId, { tenantAt: 3 })
    await expect(table.put('chat#p', 'k', {})).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('keep tenants apart whose names are parts of the keys of another layout', async () => {
    const id = newId().toLowerCase()
    const named = backend.records.for(`chat${id}` as TenantId)
    const other = backend.records.for(`t_${id}` as TenantId, { tenantAt: 1 })
    // Both would be `chat…#t_…#p`.
    const pk = `t_${id}#p`
    const version = await other.put(`chat${id}#p`, 'k', { secret: true })
    expect(await named.get(pk, 'k')).toBeNull()
    expect((await named.query(pk, { limit: 10 })).records).toEqual([])
    for (const expected of ['anything', 'absent', { version }] as const) {
      await expect(named.put(pk, 'k', {}, { expect: expected })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    }
    for (const expected of ['anything', { version }] as const) {
      await expect(named.delete(pk, 'k', { expect: expected })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    }
    expect((await other.get(`chat${id}#p`, 'k'))?.version).toBe(version)
  })

  it('carry the fields for indexes as attributes, and give back the value alone', async () => {
    const { tenantId } = testTenant()
    const attributes = [
      'idempotency_key',
      'requires_lock',
      'n',
      'empty',
      'list',
      'none',
      'toString',
    ]
    const table = backend.records.for(tenantId, { attributes })
    const value = {
      idempotency_key: 'i',
      requires_lock: true,
      n: 7,
      empty: '',
      list: [1],
      huge: 1e300,
    }
    await table.put('p', 'k', value)
    const [item] = await raw(`${tenantId}#p`)
    expect(item).toMatchObject({
      idempotency_key: { S: 'i' },
      requires_lock: { BOOL: true },
      n: { N: '7' },
    })
    for (const name of ['empty', 'list', 'none', 'toString']) {
      expect(Object.hasOwn(item ?? {}, name)).toBe(false)
    }
    expect((await table.get('p', 'k'))?.value).toEqual(value)
    expect(() => backend.records.for(tenantId, { attributes: ['version'] })).toThrow('version')
  })

  it('expire by whole seconds, never before they are hidden', async () => {
    const { tenantId } = testTenant()
    const expiresAt = new Date(clock.now() + 1_500)
    await backend.records.for(tenantId).put('p', 'k', {}, { expiresAt })
    const [item] = await raw(`${tenantId}#p`)
    expect(item?.['expires_at']).toEqual({ N: String(expiresAt.getTime()) })
    expect(item?.['ttl']).toEqual({ N: String(clock.now() / 1_000 + 2) })
  })

  it('stay until DynamoDB deletes them, but are paged over when they have expired', async () => {
    const table = backend.records.for(testTenant().tenantId)
    const expiresAt = new Date(clock.now() + 1)
    for (let start = 0; start < 300; start += 100) {
      await table.transact(
        'p',
        Array.from({ length: 100 }, (_, n) => {
          const sk = `a${String(start + n).padStart(3, '0')}`
          return { op: 'put', sk, value: {}, expiresAt } as const
        }),
      )
    }
    for (const sk of ['b', 'c']) await table.put('p', sk, {})
    clock.advance(1)
    const first = await table.query('p', { limit: 1 })
    expect(first.records.map(({ sk }) => sk)).toEqual(['b'])
    const second = await table.query('p', { limit: 1, token: first.next ?? '' })
    expect(second.records.map(({ sk }) => sk)).toEqual(['c'])
    expect(second.next).toBeNull()
  })

  it('make pages of a bounded size', async () => {
    const table = backend.records.for(testTenant().tenantId)
    const text = 'x'.repeat(390_000)
    const keys = Array.from({ length: 15 }, (_, n) => `k${String(n).padStart(2, '0')}`)
    for (const sk of keys) await table.put('p', sk, { text })
    const seen: string[] = []
    let token: string | null = null
    do {
      const page = await table.query('p', { limit: 100, ...(token === null ? {} : { token }) })
      expect(page.records.length).toBeLessThan(keys.length)
      seen.push(...page.records.map(({ sk }) => sk))
      token = page.next
    } while (token !== null)
    expect(seen).toEqual(keys)
  })

  it('take a transaction of the greatest size', async () => {
    const table = backend.records.for(testTenant().tenantId)
    const around = JSON.stringify({ text: '' }).length
    const size = table.capabilities.maxTransactBytes / table.capabilities.maxTransactItems - around
    const writes = Array.from({ length: table.capabilities.maxTransactItems }, (_, n) => {
      return {
        op: 'put',
        sk: `${n}`.padEnd(1_024, 'k'),
        value: { text: 'x'.repeat(size) },
      } as const
    })
    await table.transact('p'.repeat(1_024), writes)
    expect((await table.query('p'.repeat(1_024), { limit: 5 })).records).toHaveLength(5)
  })

  it('are provisioned once, and what the server cannot do is said', async () => {
    const { done, found, refused } = (await backend.provision?.()) ?? {}
    expect(done).toEqual([])
    const all = [...(found ?? []), ...(refused ?? []).map(({ step }) => step)]
    expect(all.sort()).toEqual(
      [
        'change stream',
        'deletion of expired records by ttl',
        'on-demand billing',
        'point-in-time recovery',
        `table ${running.config.table_name}`,
      ].sort(),
    )
    for (const { step, reason } of refused ?? []) {
      expect(step).toBe('point-in-time recovery')
      expect(reason).not.toBe('')
    }
  })

  it('are out of reach in a table that is missing, or has other keys', async () => {
    const table_name = `heirloom-test-${newId()}`
    const missing = running.backend.open({ ...running.config, table_name })
    const records = missing.records.for(testTenant().tenantId)
    for (const attempt of [
      () => missing.ping(),
      () => records.get('p', 'k'),
      () => records.put('p', 'k', {}),
      () => records.query('p', { limit: 1 }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: `the DynamoDB table "${table_name}" is not in ${running.config['region']}: create it by \`heirloom routes provision\``,
      })
    }
    await missing.close()
  })

  it('are the only ones: nothing is kept beside them', async () => {
    const { Items } = await running.client.send(
      new ScanCommand({ TableName: running.config.table_name }),
    )
    for (const item of Items ?? []) {
      expect(item['PK']?.S?.split('#')).toContain(item['tenant_id']?.S)
    }
  })
})

function newEvent(
  id: string,
): Parameters<ReturnType<typeof createEventStreamStore>['append']>[1][number] {
  return { id, type: 'Told', occurredAt: new Date('2025-01-01T00:00:00Z'), actorId: null, data: {} }
}
