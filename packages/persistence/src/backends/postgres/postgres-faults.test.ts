import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testDatabase, testTenant } from '@heirloom/testkit'
import { createBackendPool } from '../../backends.js'
import type { RecordTable } from '../../ports/record-table.js'
import type { OpenBackend } from '../backend.js'
import { createPostgresBackend } from './postgres-backend.js'
import { recordMigrations } from './schema.js'
import { startFaultyProxy, type FaultyProxy } from './testing/faulty-proxy.js'

const requestTimeoutMs = 300
const two = ['a', 'b'].map((sk) => ({ op: 'put', sk, value: {} }) as const)

function open(url: string): OpenBackend {
  const postgresConnections = { main: { url, maxConnections: 4 } }
  return createPostgresBackend({ postgresConnections }, { requestTimeoutMs }).open({
    connection: 'main',
  })
}

function everything(table: RecordTable, pk = 'p'): readonly (() => Promise<unknown>)[] {
  return [
    () => table.get(pk, 'k'),
    () => table.getMany(pk, ['k']),
    () => table.query(pk, { limit: 1 }),
    () => table.put(pk, 'k', {}),
    () => table.delete(pk, 'k'),
    () => table.transact(pk, two),
  ]
}

describe('Postgres, when it fails', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let proxy: FaultyProxy
  let backend: OpenBackend
  let table: RecordTable

  beforeAll(async () => {
    database = await testDatabase([recordMigrations])
    proxy = await startFaultyProxy(database.appUrl)
  })
  afterAll(async () => {
    await proxy.stop()
    await database.drop()
  })
  beforeEach(() => {
    proxy.set('none')
    backend = open(proxy.url)
    table = backend.records.for(testTenant().tenantId)
  })
  afterEach(async () => {
    proxy.cut()
    await backend.close()
  })

  it('is not waited for without end, and says when to come back', async () => {
    await table.put('p', 'k', {})
    proxy.set('silence')
    const attempts = everything(table)
    for (const attempt of attempts.slice(0, 4)) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'TIMEOUT',
        details: { retry_after_ms: 1_000 },
      })
    }
  })

  it('is waited for no longer when every connection is busy', async () => {
    await table.put('p', 'k', {})
    proxy.set('silence')
    const all = await Promise.allSettled(
      [...everything(table), ...everything(table)].map((attempt) => attempt()),
    )
    for (const one of all) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } })
    }
  })

  it('is said to be away when it hangs up, and is used again when it is back', async () => {
    await table.put('p', 'k', { n: 1 })
    proxy.set('lose answers')
    for (const attempt of everything(table, 'other')) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        details: { retry_after_ms: 1_000 },
      })
    }
    proxy.set('none')
    expect(await table.get('p', 'k')).toMatchObject({ value: { n: 1 } })
  })

  it('leaves no half of a transaction behind whose answer was lost', async () => {
    await table.put('p', 'k', {})
    proxy.set('lose answers')
    await expect(table.transact('p', two)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    proxy.set('none')
    const { records } = await table.query('p', { limit: 10 })
    expect([0, two.length]).toContain(records.filter(({ sk }) => sk !== 'k').length)
  })

  it('is left alone after some failures, for all who share the backend, and asked again later', async () => {
    const postgres = createPostgresBackend(
      { postgresConnections: { main: { url: 'postgres://127.0.0.1:1/none' } } },
      { requestTimeoutMs },
    )
    const pool = createBackendPool([postgres])
    const shared = pool.open('postgres', { connection: 'main' }).records
    const failing = shared.for(testTenant().tenantId)
    for (const attempt of everything(failing)) await attempt().catch(() => undefined)
    const refusal = shared.for(testTenant().tenantId).get('p', 'k')
    await expect(refusal).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('left alone'),
      details: { retry_after_ms: expect.any(Number) },
    })
    await pool.close()
  })

  it('keeps nobody waiting for the lock that another transaction holds', async () => {
    const { tenantId } = testTenant()
    const mine = backend.records.for(tenantId)
    await mine.put('p', 'k', { n: 1 })
    const other = new pg.Client({ connectionString: database.appUrl })
    await other.connect()
    await other.query('begin')
    await other.query(`select set_config('heirloom.tenant_id', $1, true)`, [tenantId])
    await other.query('select from record where pk = $1 for update', ['p'])
    await expect(mine.put('p', 'k', { n: 2 })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(mine.transact('p', [{ op: 'delete', sk: 'k' }])).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    await other.query('rollback')
    await other.end()
  })
})

describe('Postgres, when it refuses', () => {
  async function refusals(url: string): Promise<readonly unknown[]> {
    const backend = open(url)
    const found: unknown[] = []
    const table = backend.records.for(testTenant().tenantId)
    for (const attempt of everything(table)) {
      found.push(await attempt().catch((error: unknown) => error))
    }
    await backend.close()
    return found
  }

  it.each([
    ['another password', 'refuses the credentials', (url: URL) => void (url.password = 'hunter2')],
    ['another database', 'is not there', (url: URL) => void (url.pathname = '/none')],
  ])('names what helps: %s', async (_, message, change) => {
    const database = await testDatabase([recordMigrations])
    const url = new URL(database.appUrl)
    change(url)
    for (const error of await refusals(url.href)) {
      expect(error).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining(message),
      })
      expect(String(error)).not.toContain(url.password)
    }
    await database.drop()
  })

  it('names what helps: no table of records', async () => {
    const database = await testDatabase([])
    for (const error of await refusals(database.appUrl)) {
      expect(error).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining('heirloom routes provision'),
      })
    }
    await database.drop()
  })

  it('is away for whom it has no connection left, with a hint when to come back', async () => {
    const database = await testDatabase([recordMigrations])
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    const name = new URL(database.ownerUrl).pathname.slice(1)
    await owner.query(`alter database ${pg.escapeIdentifier(name)} connection limit 0`)
    await owner.end()
    for (const error of await refusals(database.appUrl)) {
      expect(error).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        details: { retry_after_ms: 1_000 },
      })
    }
    await database.drop()
  })
})
