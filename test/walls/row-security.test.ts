import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testDatabase, type TestDatabase } from '@heirloom/testkit'
import { listedSubgraphs } from '../support/listed-subgraphs.js'
import { migrationsOf } from './migrations-of.js'
import { rowSecurityFaults } from './row-security-faults.js'

const services = ['gateway', ...listedSubgraphs()]

async function open(service: string): Promise<{ database: TestDatabase; superuser: Client }> {
  const database = await testDatabase(await migrationsOf(service))
  const superuser = new Client({ connectionString: database.superuserUrl })
  await superuser.connect()
  return { database, superuser }
}

describe('the database of', () => {
  it.each(services)('%s shows nobody the rows of another tenant', async (service) => {
    const { database, superuser } = await open(service)
    try {
      const { rows } = await superuser.query(
        `select from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
      )
      expect(rows.length).toBeGreaterThan(2)
      expect(await rowSecurityFaults(superuser, service)).toEqual([])
    } finally {
      await superuser.end()
      await database.drop()
    }
  })
})

describe('a migration is refused that', () => {
  let database: TestDatabase
  let superuser: Client
  beforeAll(async () => {
    ;({ database, superuser } = await open('stories'))
  })
  afterAll(async () => {
    await superuser.end()
    await database.drop()
  })

  const held = `using (tenant_id = current_setting('heirloom.tenant_id', true))`
  const guarded = `create table diary (tenant_id text not null);
    alter table diary enable row level security; alter table diary force row level security;`

  it.each([
    [
      'forgets row-level security',
      `create table diary (tenant_id text not null)`,
      'diary has no forced row-level security',
    ],
    [
      'does not force it',
      `create table diary (tenant_id text not null);
       alter table diary enable row level security;
       create policy diary_of_tenant on diary to heirloom_app ${held}`,
      'diary has no forced row-level security',
    ],
    ['has no policy', guarded, 'diary has no policy'],
    [
      'has a table without a tenant',
      `create table diary (id text not null)`,
      'diary has no tenant_id, and no reason to be without',
    ],
    [
      'lets everything through beside a policy that does not',
      `${guarded} create policy diary_of_tenant on diary to heirloom_app ${held};
       create policy diary_for_support on diary to public using (true)`,
      'the policy diary.diary_for_support names no tenant',
    ],
    [
      'takes rows of another tenant',
      `${guarded} create policy diary_of_tenant on diary to heirloom_app ${held} with check (true)`,
      'the policy diary.diary_of_tenant names no tenant',
    ],
    [
      'takes the setting for a wish',
      `${guarded} create policy diary_of_tenant on diary to heirloom_app
         using (tenant_id = current_setting('heirloom.tenant_id', true) or tenant_id = 'demo')`,
      'the policy diary.diary_of_tenant names no tenant',
    ],
    [
      'opens a table to the worker',
      `create policy story_of_worker on story to heirloom_worker using (true)`,
      'the policy story.story_of_worker names no tenant',
    ],
    [
      'makes a view with the rights of its owner',
      `create view headline as select title from story`,
      'the view headline is not security_invoker',
    ],
    [
      'keeps a copy',
      `create materialized view headline as select title from story`,
      'headline is a materialised view, which no policy guards',
    ],
    [
      'makes a function with the rights of its owner and any search path',
      `create function titles() returns setof text language sql security definer
         as 'select title from story'; revoke all on function titles() from public`,
      'titles() is security definer without a fixed search_path',
    ],
    [
      'lets everybody call it',
      `create function titles() returns setof text language sql security definer
         set search_path = pg_catalog as 'select title from public.story'`,
      'titles() is security definer, and everybody may call it',
    ],
    [
      'lets the app empty a table',
      `grant truncate on story to heirloom_app`,
      'heirloom_app may truncate story',
    ],
    [
      'makes the app a member of the owner',
      `grant heirloom_owner to heirloom_app`,
      'heirloom_app is a member of heirloom_owner',
    ],
    [
      'lets the app create tables',
      `grant create on schema public to heirloom_app`,
      'heirloom_app may create in public',
    ],
  ])('%s', async (_title, statements, fault) => {
    await superuser.query('begin')
    try {
      await superuser.query(statements)
      expect(await rowSecurityFaults(superuser, 'stories')).toContain(fault)
    } finally {
      await superuser.query('rollback')
    }
  })

  it.each([
    [
      'guards its table',
      `${guarded} create policy diary_of_tenant on diary to heirloom_app ${held}`,
    ],
    [
      'makes a view with the rights of its reader',
      `create view headline with (security_invoker = true) as select title from story`,
    ],
  ])('is not refused when it %s', async (_title, statements) => {
    await superuser.query('begin')
    try {
      await superuser.query(statements)
      expect(await rowSecurityFaults(superuser, 'stories')).toEqual([])
    } finally {
      await superuser.query('rollback')
    }
  })
})
