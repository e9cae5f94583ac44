import * as fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appRole, createDatabase, type Database, type Statement } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import { sql } from 'kysely'
import { testDatabase, testTenant, type TestDatabase } from './index.js'

// Here and not in packages/postgres, because a real database takes the testkit, which builds on it.
describe('the database of a tenant', () => {
  let server: TestDatabase
  /** One connection, so that whatever is left on it would meet the next who uses it. */
  let database: Database<unknown>

  beforeAll(async () => {
    server = await testDatabase()
    const owner = new Client({ connectionString: server.ownerUrl })
    await owner.connect()
    await owner.query(`
      create table note (tenant_id text not null, text text not null);
      alter table note enable row level security;
      alter table note force row level security;
      create policy of_tenant on note to ${appRole}
        using (tenant_id = current_setting('heirloom.tenant_id', true))
        with check (tenant_id = current_setting('heirloom.tenant_id', true));
      grant select, insert on note to ${appRole};`)
    await owner.end()
    database = open({})
  })
  afterAll(async () => {
    await database.close()
    await server.drop()
  })

  function open(options: { statementTimeoutMs?: number; maxConnections?: number }) {
    return createDatabase<unknown>({
      url: server.appUrl,
      applicationName: 'test',
      maxConnections: 1,
      ...options,
    })
  }

  const select: Statement = { sql: 'select tenant_id, text from note', parameters: [] }
  const insert = (tenant: TenantId, text: string): Statement => ({
    sql: 'insert into note (tenant_id, text) values ($1, $2)',
    parameters: [tenant, text],
  })
  const bound: Statement = {
    sql: `select current_setting('heirloom.tenant_id', true) as tenant`,
    parameters: [],
  }

  async function unboundSetting(on = database): Promise<unknown> {
    const { rows } = await sql<{ tenant: string | null }>`
      select current_setting('heirloom.tenant_id', true) as tenant`.execute(on.unbound)
    return rows[0]?.tenant ?? ''
  }

  it('shows a batch what its tenant has, and what the batch itself wrote', async () => {
    const [one, other] = [testTenant().tenantId, testTenant().tenantId]
    await database.for(other).batch([insert(other, 'theirs')])
    const [written, read] = await database.for(one).batch([insert(one, 'mine'), select])
    expect(written).toEqual([])
    expect(read).toEqual([{ tenant_id: one, text: 'mine' }])
  })

  it('lets no batch and no transaction write for another tenant', async () => {
    const [one, other] = [testTenant().tenantId, testTenant().tenantId]
    const mine = database.for(one)
    await expect(mine.batch([insert(one, 'mine'), insert(other, 'x')])).rejects.toThrow('row-level')
    await expect(
      mine.transaction((trx) => sql`insert into note values (${other}, 'x')`.execute(trx)),
    ).rejects.toThrow('row-level')
    expect(await mine.batch([select])).toEqual([[]])
    expect(await database.for(other).batch([select])).toEqual([[]])
  })

  it('leaves no tenant on the connection, whatever came of the work', async () => {
    const tenant = testTenant().tenantId
    const mine = database.for(tenant)
    const failing: Statement = { sql: 'select 1 / $1::int', parameters: [0] }
    const unreadable: Statement = { sql: 'select from where', parameters: [] }
    for (const work of [
      () => mine.batch([bound]),
      () => mine.batch([insert(tenant, 'lost'), failing, select]),
      () => mine.batch([insert(tenant, 'lost'), unreadable]),
      () => mine.batch([{ sql: 'select $1::int', parameters: ['no number'] }]),
      () => mine.batch([{ sql: 'select $1', parameters: [] }]),
      () => mine.transaction((trx) => sql`select 1`.execute(trx)),
      () => mine.transaction((trx) => sql`select 1 / 0`.execute(trx)),
      () =>
        mine.transaction(async (trx) => {
          await sql`insert into note values (${tenant}, 'lost')`.execute(trx)
          throw new Error('changed my mind')
        }),
    ]) {
      await work().catch(() => undefined)
      expect(await unboundSetting()).toBe('')
      expect((await sql`select * from note`.execute(database.unbound)).rows).toEqual([])
    }
    expect(await mine.batch([select])).toEqual([[]])
  })

  it('binds to exactly the name that it was given', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom("'", '"', '\\', ';', '$1', '$', '--', 'a', 'ä'),
    })
    await fc.assert(
      fc.asyncProperty(hostile, async (suffix) => {
        const tenant = `t_${suffix}` as TenantId
        const [rows] = await database.for(tenant).batch([bound])
        expect(rows).toEqual([{ tenant }])
        await database.for(tenant).transaction(async (trx) => {
          expect((await sql.raw(bound.sql).execute(trx)).rows).toEqual([{ tenant }])
        })
      }),
      { numRuns: 60 },
    )
    const cut = database.for('t_a\0b' as TenantId)
    await expect(cut.batch([bound])).rejects.toBeInstanceOf(Error)
    await expect(cut.transaction((trx) => sql`select 1`.execute(trx))).rejects.toBeInstanceOf(Error)
    expect(await unboundSetting()).toBe('')
  })

  it('keeps tenants apart that use few connections at the same time', async () => {
    const shared = open({ maxConnections: 2 })
    const tenants = Array.from({ length: 40 }, () => testTenant().tenantId)
    await Promise.all(
      tenants.map(async (tenant, n) => {
        const mine = shared.for(tenant)
        for (let round = 0; round < 5; round += 1) {
          if ((n + round) % 3 === 0)
            await mine.batch([bound, { sql: 'selec', parameters: [] }]).catch(() => undefined)
          const [rows] =
            (n + round) % 2 === 0
              ? await mine.batch([bound])
              : await mine.transaction(async (trx) => [
                  (await sql.raw(bound.sql).execute(trx)).rows,
                ])
          expect(rows).toEqual([{ tenant }])
        }
      }),
    )
    await shared.close()
  })

  it('sends every kind of parameter as it is', async () => {
    const at = new Date('2025-06-07T08:09:10.123Z')
    const texts = ['plain', '', 'a,b', '{"x"}', 'back\\slash', "it's", 'NULL', 'ü 😀', ' ']
    const [rows] = await database.for(testTenant().tenantId).batch([
      {
        sql: `select $1::text as text, $2::int8 as number, $3::bool as truth, $4::text as nothing,
          $5::timestamptz = '2025-06-07T08:09:10.123Z' as time, to_json($6::text[]) as list,
          $7::float8 as fraction`,
        parameters: ['tëxt', 2 ** 52, true, null, at, texts, 0.1],
      },
    ])
    expect(rows).toEqual([
      {
        text: 'tëxt',
        number: 2 ** 52,
        truth: true,
        nothing: null,
        time: true,
        list: texts,
        fraction: 0.1,
      },
    ])
  })

  it('gives up a batch that takes too long, and goes on with the next', async () => {
    const hasty = open({ statementTimeoutMs: 50 })
    const mine = hasty.for(testTenant().tenantId)
    const slow: Statement = { sql: 'select pg_sleep(10)', parameters: [] }
    await expect(mine.batch([slow])).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(await mine.batch([{ sql: 'select 1 as one', parameters: [] }])).toEqual([[{ one: 1 }]])
    expect(await unboundSetting(hasty)).toBe('')
    await hasty.close()
  })

  it('says when the connection breaks under it, and opens another for the next', async () => {
    const mine = database.for(testTenant().tenantId)
    const kill: Statement = {
      sql: 'select pg_terminate_backend(pg_backend_pid())',
      parameters: [],
    }
    for (const work of [
      () => mine.batch([kill]),
      () => mine.transaction((trx) => sql.raw(kill.sql).execute(trx)),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(await mine.batch([{ sql: 'select 1 as one', parameters: [] }])).toEqual([[{ one: 1 }]])
    }
  })

  it('is closed once, however often it is told to, and used or not', async () => {
    for (const use of [true, false]) {
      const other = open({})
      if (use) await other.for(testTenant().tenantId).batch([bound])
      await Promise.all([other.close(), other.close()])
      await other.close()
      await expect(other.for(testTenant().tenantId).batch([bound])).rejects.toThrow(
        'after calling end',
      )
    }
  })
})
