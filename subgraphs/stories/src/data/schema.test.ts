import { sql, type Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appRole, createDatabase, type Database } from '@heirloom/postgres'
import { tenantId } from '@heirloom/tenancy'
import { testDatabase, type TestDatabase } from '@heirloom/testkit'
import { migrations } from '../migrations.js'

let rig: TestDatabase
let app: Database<unknown>
let catalogue: Database<unknown>

beforeAll(async () => {
  rig = await testDatabase(migrations)
  app = createDatabase({ url: rig.appUrl, applicationName: 'app' })
  catalogue = createDatabase({ url: rig.superuserUrl, applicationName: 'catalogue' })
  await catalogue.unbound.transaction().execute(async (trx) => {
    for (const tenant of ['smith', 'miller']) await insertOneOfEach(trx, tenant)
  })
})
afterAll(async () => {
  await Promise.all([app.close(), catalogue.close()])
  await rig.drop()
})

const tables = ['tenant', 'app_user', 'legacy', 'story', 'revision'] as const
const smith = tenantId('smith')

async function insertOneOfEach(trx: Kysely<unknown>, tenant: string): Promise<void> {
  await sql`insert into tenant values (${tenant}, 'T', now())`.execute(trx)
  await sql`insert into app_user values (${tenant}, 'u', 'U', now())`.execute(trx)
  await sql`insert into legacy values (${tenant}, 'L', 'slug', 'T', null, 'u', now())`.execute(trx)
  await sql`insert into story values
    (${tenant}, 'S', 'L', 'T', 'B', 'DRAFT', 1, 'u', now(), now(), null, null)`.execute(trx)
  await sql`insert into revision values
    (${tenant}, 'R', 'S', 1, 'T', 'B', 'DRAFT', 'u', now())`.execute(trx)
}

describe('every table with rows of tenants', () => {
  it('has row-level security enabled and forced, with a policy for the app role', async () => {
    const { rows } = await sql<{ name: string; enabled: boolean; forced: boolean; held: boolean }>`
      select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
        exists (
          select from pg_policy p join pg_roles r on r.oid = any(p.polroles)
          where p.polrelid = c.oid and r.rolname = ${appRole}
            and pg_get_expr(p.polqual, c.oid) like '%tenant_id = current_setting(%'
            and pg_get_expr(p.polwithcheck, c.oid) like '%tenant_id = current_setting(%'
        ) as held
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`.execute(
      catalogue.unbound,
    )
    const guarded = rows.map(({ name }) => name)
    expect(guarded).toEqual(expect.arrayContaining([...tables, 'outbox', 'idempotency']))
    for (const row of rows) expect(row).toMatchObject({ enabled: true, forced: true, held: true })
  })

  it('has the tenant first in every index', async () => {
    const { rows } = await sql<{ index: string; table: string; first: string }>`
      select i.indexrelid::regclass::text as index, i.indrelid::regclass::text as table,
        a.attname as first
      from pg_index i
      join pg_attribute tenant on tenant.attrelid = i.indrelid and tenant.attname = 'tenant_id'
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where i.indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    `.execute(catalogue.unbound)
    // The relay and the sealer read the queues of all tenants in the order of their writing.
    const checked = rows.filter(({ table }) => table !== 'outbox' && table !== 'audit_pending')
    expect(checked.length).toBeGreaterThanOrEqual(tables.length)
    for (const row of checked) expect(row).toMatchObject({ first: 'tenant_id' })
  })
})

describe('the app role', () => {
  it('owns nothing, is no superuser, and cannot bypass row-level security', async () => {
    const { rows } = await sql`
      select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
        (select count(*) from pg_class where relowner = r.oid) as owned
      from pg_roles r where rolname = ${appRole}`.execute(catalogue.unbound)
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, owned: 0 },
    ])
  })

  it('reads nothing until a transaction is bound to a tenant', async () => {
    for (const table of tables) {
      const { rows } = await sql`select * from ${sql.table(table)}`.execute(app.unbound)
      expect(rows).toEqual([])
    }
  })

  it('reads the rows of the bound tenant alone, whatever it asks for', async () => {
    for (const table of tables) {
      const rows = await app.for(smith).transaction(async (trx) => {
        const found = await sql<{ tenant_id: string }>`
          select tenant_id from ${sql.table(table)} where tenant_id = 'miller' or true`.execute(trx)
        return found.rows
      })
      expect(rows).toEqual([{ tenant_id: 'smith' }])
    }
  })

  it('forgets the tenant when the transaction ends, also for the next user of the connection', async () => {
    const one = createDatabase<unknown>({
      url: rig.appUrl,
      applicationName: 'one connection',
      maxConnections: 1,
    })
    await one.for(smith).transaction((trx) => sql`select 1`.execute(trx))
    expect((await sql`select * from story`.execute(one.unbound)).rows).toEqual([])
    await one.close()
  })

  it.each([
    ['insert a row of another tenant', `insert into tenant values ('other', 'T', now())`],
    ['move a row to another tenant', `update story set tenant_id = 'miller'`],
    ['change a revision', `update revision set body = 'rewritten'`],
    ['remove a revision', 'delete from revision'],
    ['remove a story', 'delete from story'],
    ['empty a table', 'truncate revision'],
    ['read the outbox', 'select * from outbox'],
    ['turn the security off', 'alter table story disable row level security'],
    ['drop a policy', 'drop policy story_of_tenant on story'],
    ['become the owner', 'set role heirloom_owner'],
    ['become the worker', 'set role heirloom_worker'],
    ['switch row-level security off', `set row_security = off; select * from story`],
  ])('cannot %s', async (_title, statement) => {
    const attempt = app.for(smith).transaction((trx) => sql.raw(statement).execute(trx))
    await expect(attempt).rejects.toThrow(
      /permission denied|violates row-level security|must be owner|would be affected/,
    )
  })

  it('changes nothing of another tenant', async () => {
    const update = sql`update story set title = 'mine' where tenant_id = 'miller'`
    await app.for(smith).transaction((trx) => update.execute(trx))
    const { rows } = await sql`select title from story where tenant_id = 'miller'`.execute(
      catalogue.unbound,
    )
    expect(rows).toEqual([{ title: 'T' }])
  })
})

describe('the owner', () => {
  it('reads no rows either, since row-level security is forced', async () => {
    const owner = createDatabase<unknown>({ url: rig.ownerUrl, applicationName: 'owner' })
    expect((await sql`select * from story`.execute(owner.unbound)).rows).toEqual([])
    await owner.close()
  })
})
