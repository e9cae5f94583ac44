import { Client, type QueryResult } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '@heirloom/postgres'
import { tenantId } from '@heirloom/tenancy'
import { testDatabase, type TestDatabase } from '@heirloom/testkit'
import { migrationsOf } from './migrations-of.js'

const secret = 'the-secret-of-miller'

/**
 * What somebody could do who got the app role's connection to run a statement of their own, while
 * it is bound to smith. Each attempt is made as the app role over a plain connection.
 */
describe('a statement of smith that reaches for what is miller’s', () => {
  let database: TestDatabase
  let superuser: Client
  let app: Client
  const notices: string[] = []

  beforeAll(async () => {
    database = await testDatabase(await migrationsOf('stories'))
    superuser = new Client({ connectionString: database.superuserUrl })
    await superuser.connect()
    for (const tenant of ['smith', 'miller']) {
      const title = tenant === 'miller' ? secret : 'of smith'
      await superuser.query(`
        insert into tenant values ('${tenant}', '${title}', now());
        insert into app_user values ('${tenant}', 'u', '${title}', now());
        insert into legacy values ('${tenant}', 'L', 'slug', '${title}', null, 'u', now());
        insert into story values
          ('${tenant}', 'S', 'L', '${title}', '${title}', 'DRAFT', 1, 'u', now(), now(), null, null);
        insert into idempotency values ('${tenant}', 'u', 'o', '${title}', 'h', '"${title}"');`)
    }
    await superuser.query('analyze')
  })
  afterAll(async () => {
    await superuser.end()
    await database.drop()
  })

  beforeEach(async () => {
    app = new Client({ connectionString: database.appUrl })
    app.on('notice', ({ message }) => notices.push(message ?? ''))
    await app.connect()
    await app.query(`begin; select set_config('heirloom.tenant_id', 'smith', true)`)
  })
  afterEach(async () => {
    await app.end()
    notices.length = 0
  })

  /** What it says, whether it answers or refuses. */
  async function said(statements: string): Promise<string> {
    try {
      const results = (await app.query(statements)) as QueryResult | QueryResult[]
      return JSON.stringify([results].flat().map(({ rows }) => rows as unknown[])) + notices.join()
    } catch (error) {
      return `refused: ${String(error)} ${JSON.stringify(error)}${notices.join()}`
    }
  }

  it.each([
    ['to become the owner', 'set role heirloom_owner; select * from story'],
    ['to become the worker', 'set role heirloom_worker; select * from outbox'],
    ['to become the superuser', 'set role postgres; select * from story'],
    ['to be somebody else altogether', 'set session authorization postgres; select * from story'],
    ['to switch row-level security off', 'set local row_security = off; select * from story'],
    ['to switch the policies off', 'alter table story disable row level security'],
    ['to give itself the right', 'alter role heirloom_app bypassrls'],
    ['to turn triggers off', `set session_replication_role = replica; select * from story`],
    [
      'a function of its own',
      `create function peek() returns setof story language sql security definer
         as 'select * from story'; select * from peek()`,
    ],
    [
      'a function of this session',
      `create function pg_temp.peek() returns setof story language sql security definer
         as 'select * from public.story'; select * from pg_temp.peek()`,
    ],
    ['a block of code', `do $$ begin perform set_config('role', 'heirloom_owner', true); end $$`],
    ['a view of its own', 'create view peek as select * from story; select * from peek'],
    ['a temporary view', 'create temporary view peek as select * from story; select * from peek'],
    ['a temporary table in place of another', 'create temporary table story (title text)'],
    ['a copy of the table', 'create table peek as select * from story'],
    ['COPY to a file', `copy story to '/tmp/heirloom-peek'`],
    ['COPY to a program', `copy story to program 'cat'`],
    ['COPY from a file', `copy story from '/etc/passwd'`],
    ['reading files', `select pg_read_file('/etc/passwd')`],
    ['large objects', `select lo_import('/etc/passwd')`],
    ['the position of a sequence', 'select last_value from outbox_seq_seq'],
    ['moving a sequence', `select setval('outbox_seq_seq', 1)`],
  ])('is refused: %s', async (_title, statements) => {
    const answer = await said(statements)
    expect(answer).toMatch(
      /^refused: .*(permission denied|must be|would be affected|not supported|only roles)/i,
    )
    expect(answer).not.toContain(secret)
  })

  it.each([
    ['a plain question', 'select * from story'],
    ['a condition that is always true', `select * from story where tenant_id = 'miller' or true`],
    ['the name of the tenant', `select * from story where tenant_id = 'miller'`],
    ['a union', 'select title from story union select name from tenant'],
    ['a prepared statement', 'prepare peek as select * from story; execute peek'],
    ['a cursor', 'declare peek cursor for select * from story; fetch all from peek'],
    ['a lock', 'select * from story for update'],
    ['COPY of a question', 'copy (select * from story) to stdout'],
    [
      'another search path',
      `set local search_path = pg_temp, pg_catalog; select * from public.story`,
    ],
    ['the statistics', `select * from pg_stats where tablename = 'story'`],
    ['the raw statistics', `select * from pg_stats_ext_exprs`],
    [
      'an error that tells of values',
      `select cast(title as integer) from story where tenant_id = 'miller'`,
    ],
    [
      'a division that fails where the guess is right',
      `select 1 / (case when title like 'the-secret%' then 0 else 1 end) from story`,
    ],
    ['an index', 'set local enable_seqscan = off; select title from story order by story_id'],
    ['an update', `update story set title = 'x' where tenant_id = 'miller' returning *`],
    ['a deletion', `delete from idempotency where tenant_id = 'miller' returning *`],
    ['XML of a table', `select table_to_xml('story', true, false, '')`],
    ['XML of everything', `select query_to_xml('select * from story', true, false, '')`],
    ['what others are asking', 'select query from pg_stat_activity'],
    ['the position of rows', `select * from story where ctid = '(0,2)'`],
  ])('gets nothing: %s', async (_title, statements) => {
    expect(await said(statements)).not.toContain(secret)
    await app.query('rollback')
    const { rows } = await superuser.query<{ title: string; key: string }>(
      `select title, key from story join idempotency using (tenant_id)
       where tenant_id = 'miller'`,
    )
    expect(rows).toEqual([{ title: secret, key: secret }])
  })

  it('learns nothing of what is there from what is refused', async () => {
    const insert = (tenant: string) =>
      said(`savepoint before; insert into tenant values ('${tenant}', 'x', now())
            on conflict do nothing`)
    const there = await insert('miller')
    await app.query('rollback to before')
    const notThere = await insert('nobody')
    expect(there).toContain('violates row-level security')
    expect(there).toBe(notThere)
  })

  it('finds its own rows alone by a statement that was prepared for another tenant', async () => {
    await app.query(`select set_config('heirloom.tenant_id', 'miller', true)`)
    await app.query('prepare peek as select tenant_id from story')
    expect((await app.query('execute peek')).rows).toEqual([{ tenant_id: 'miller' }])
    await app.query(`commit; begin; select set_config('heirloom.tenant_id', 'smith', true)`)
    expect((await app.query('execute peek')).rows).toEqual([{ tenant_id: 'smith' }])
  })

  /**
   * The one door that Postgres cannot shut: whoever runs SQL of their own may set a custom setting.
   * It is why no SQL text is ever made of values (scripts/sql-text.test.ts), and why the setting
   * ends with the transaction, whatever was made of it.
   */
  it('that sets another tenant holds for its own transaction, and for nobody after it', async () => {
    const one: Database<unknown> = createDatabase({
      url: database.appUrl,
      applicationName: 'one connection',
      maxConnections: 1,
    })
    try {
      const titles = async (tenant: string) => {
        const text = { sql: 'select title from story', parameters: [] }
        const [rows] = await one.for(tenantId(tenant)).batch<{ title: string }>([text])
        return rows
      }
      const setting = {
        sql: `select set_config('heirloom.tenant_id', 'miller', false)`,
        parameters: [],
      }
      await one.for(tenantId('smith')).batch([setting])
      expect(await titles('smith')).toEqual([{ title: 'of smith' }])
      expect(await titles('miller')).toEqual([{ title: secret }])
    } finally {
      await one.close()
    }
  })
})
