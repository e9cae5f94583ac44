import { Client, type QueryResult } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { migrate } from '@heirloom/postgres'
import { outboxMigrations } from '@heirloom/events'
import { fixedClock, testBus, testDatabase, testKeys, testTenant } from './index.js'

const closers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of closers) await close()
})

async function query(url: string, text: string): Promise<QueryResult<Record<string, unknown>>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query<Record<string, unknown>>(text)
  } finally {
    await client.end()
  }
}

describe('testDatabase', () => {
  it('gives each caller a migrated database of its own', async () => {
    const [one, two] = await Promise.all([
      testDatabase([outboxMigrations]),
      testDatabase([outboxMigrations]),
    ])
    closers.push(one.drop, two.drop)
    expect(one.name).not.toBe(two.name)
    await query(one.ownerUrl, 'create table only_here (a int)')
    await expect(query(two.ownerUrl, 'select * from only_here')).rejects.toThrow('does not exist')
    expect(await migrate(one.ownerUrl, [outboxMigrations])).toEqual([])
  })

  it('logs in as three roles of which none is a superuser or bypasses row-level security', async () => {
    const db = await testDatabase()
    closers.push(db.drop)
    for (const url of [db.appUrl, db.workerUrl, db.ownerUrl]) {
      const { rows } = await query(
        url,
        'select rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user',
      )
      expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false }])
    }
  })

  it('lets the app and the worker create nothing', async () => {
    const db = await testDatabase()
    closers.push(db.drop)
    for (const url of [db.appUrl, db.workerUrl]) {
      await expect(query(url, 'create table mine (a int)')).rejects.toThrow('permission denied')
    }
  })
})

describe('the other parts of the testkit', () => {
  it('makes a bus that answers on loopback alone', async () => {
    const bus = await testBus()
    closers.push(bus.close)
    expect(new URL(bus.endpoint).hostname).toBe('127.0.0.1')
    expect((await fetch(`${bus.endpoint}/health`)).status).toBe(200)
  })

  it('makes tokens that its verifier accepts for their own audience alone', async () => {
    const keys = await testKeys()
    const tenant = testTenant({ roles: ['editor'] })
    const token = await keys.token('stories', tenant)
    await expect(keys.verifier('stories')(`Bearer ${token}`)).resolves.toEqual(tenant)
    await expect(keys.verifier('graph')(`Bearer ${token}`)).rejects.toMatchObject({
      code: 'TOKEN_INVALID',
    })
  })

  it('makes tenants that never meet, and clocks that stand still', () => {
    expect(testTenant().tenantId).not.toBe(testTenant().tenantId)
    const clock = fixedClock(1_000)
    clock.advance(5)
    expect(clock.now()).toBe(1_005)
  })
})
