import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { testDatabase, testTenant } from '@heirloom/testkit'
import type { RecordTable } from '../../ports/record-table.js'
import type { OpenBackend } from '../backend.js'
import { createPostgresBackend } from './postgres-backend.js'
import { recordMigrations } from './schema.js'

const never = new AbortController().signal
const start = Date.UTC(2026, 0, 1)
const hourMs = 3_600_000

describe('what has expired in Postgres', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let look: Database<unknown>
  let backend: OpenBackend
  let tenant: TenantContext
  let table: RecordTable
  let nowMs = start

  beforeAll(async () => {
    database = await testDatabase([recordMigrations])
    look = createDatabase<unknown>({ url: database.superuserUrl, applicationName: 'look' })
    backend = createPostgresBackend({
      postgresConnections: { main: { url: database.appUrl } },
      now: () => nowMs,
    }).open({ connection: 'main' })
  })
  beforeEach(() => {
    nowMs = start
    tenant = testTenant()
    table = backend.records.for(tenant.tenantId)
  })
  afterAll(async () => {
    await Promise.all([backend.close(), look.close()])
    await database.drop()
  })

  async function put(key: string, expiresInMs: number | null, into = table): Promise<void> {
    const expiresAt = expiresInMs === null ? null : new Date(start + expiresInMs)
    await into.put('p', key, { key }, { expiresAt })
  }

  async function kept(of = tenant): Promise<readonly string[]> {
    const { rows } = await sql<{ sk: string }>`select sk from record
      where tenant_id = ${of.tenantId} order by sk`.execute(look.unbound)
    return rows.map(({ sk }) => sk)
  }

  async function purge(before: number): Promise<number> {
    return (await backend.purgeExpired?.(new Date(before), never)) ?? -1
  }

  it('is deleted, of every tenant, and nothing else is', async () => {
    const other = testTenant()
    const theirs = backend.records.for(other.tenantId)
    for (const into of [table, theirs]) {
      await put('a', 1_000, into)
      await put('b', hourMs, into)
      await put('c', 2 * hourMs, into)
      await put('d', null, into)
    }
    expect(await purge(start)).toBe(0)
    expect(await purge(start + hourMs)).toBe(4)
    for (const owner of [tenant, other]) expect(await kept(owner)).toEqual(['c', 'd'])
    expect(await purge(start + hourMs)).toBe(0)
    nowMs = start + hourMs
    const { records } = await table.query('p', { limit: 10 })
    expect(records.map(({ sk }) => sk)).toEqual(['c', 'd'])
  })

  it('is deleted however much of it there is, by many at once', async () => {
    const keys = Array.from({ length: 1_300 }, (_, index) => `k${String(index).padStart(4, '0')}`)
    for (let from = 0; from < keys.length; from += 650) {
      const writes = keys.slice(from, from + 650).map((sk) => {
        return { op: 'put', sk, value: {}, expiresAt: new Date(start + 1_000) } as const
      })
      await table.transact('p', writes)
    }
    await put('stays', null)
    const purged = await Promise.all([purge(start + hourMs), purge(start + hourMs)])
    // What one skipped because the other had it in hand is found by the next round.
    expect(purged[0] + purged[1] + (await purge(start + hourMs))).toBe(keys.length)
    expect(await kept()).toEqual(['stays'])
  })

  it('and was written again is not deleted, while many purge and write', async () => {
    nowMs = start + 2 * hourMs
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
    for (let round = 0; round < 5; round += 1) {
      for (const key of keys) await put(key, 1_000)
      const writing = keys.map((key) => table.put('p', key, { round }, { expect: 'absent' }))
      await Promise.all([purge(start + hourMs), ...writing, purge(start + hourMs)])
      const { records } = await table.query('p', { limit: 100 })
      expect(records.map(({ value }) => value)).toEqual(keys.map(() => ({ round })))
      for (const key of keys) await table.delete('p', key)
    }
  })

  it('stays when the purge is told to stop', async () => {
    await put('a', 1_000)
    const stopped = AbortSignal.abort()
    expect(await backend.purgeExpired?.(new Date(start + hourMs), stopped)).toBe(0)
    expect(await kept()).toEqual(['a'])
  })
})
