import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStorageFromConfig, documentMigrations } from '@heirloom/persistence'
import { testDatabase, testTenant } from '@heirloom/testkit'
import { createWorkplace, type Ran, type Workplace } from '../../testing/run.js'

const count = 25

describe('heirloom documents backfill, on Postgres', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>
  let place: Workplace
  let config: object
  const { tenantId } = testTenant()
  const other = testTenant().tenantId

  beforeEach(async () => {
    database = await testDatabase([documentMigrations])
    place = await createWorkplace()
    const bound = { strategy: 'single', primary: 'main' }
    config = {
      backends: { main: { type: 'postgres', url: database.appUrl, ownerUrl: database.ownerUrl } },
      databases: { default: { document: bound, user: bound, revocation: bound } },
    }
    await place.write('documents.yaml', JSON.stringify(config))
    await copyIn(tenantId, 'people')
    await copyIn(other, 'theirs')
  })
  afterEach(async () => {
    await place.remove()
    await database.drop()
  })

  /** As somebody's SQL leaves them: no hash, and ids of their own. */
  async function copyIn(tenant: string, collection: string): Promise<void> {
    const client = new pg.Client({ connectionString: database.appUrl })
    await client.connect()
    try {
      await client.query('begin')
      await client.query(`select set_config('heirloom.tenant_id', $1, true)`, [tenant])
      await client.query(
        `insert into document (tenant_id, database, id, fullpath, collection, collection_hash,
           shape, parent, version, created_at, updated_at, data)
         select $1, 'default', 'default:' || n,
           case when n = 0 then 'no path' else $2 || '/p' || n end,
           '', '', '', '', 1, now(), now(), jsonb_build_object('n', n)
         from generate_series(0, $3::integer) as n`,
        [tenant, collection, count],
      )
      await client.query('commit')
    } finally {
      await client.end()
    }
  }

  function run(...more: readonly string[]): Promise<Ran> {
    const to = ['--backend', 'main', '--tenant', tenantId]
    return place.run(['documents', 'backfill', 'documents.yaml', ...to, ...more])
  }

  async function found(tenant = tenantId, collection = 'people'): Promise<number> {
    const storage = await createStorageFromConfig(config)
    try {
      const { documents } = await storage.documents
        .for(tenant)
        .query('default', { collection, limit: 100 })
      return documents.length
    } finally {
      await storage.close()
    }
  }

  it('counts first and changes nothing, then fills up, and then finds nothing to do', async () => {
    expect(await run('--dry-run')).toMatchObject({
      code: 0,
      out: `25 of 26 documents would be brought up to date\nleft     no path: this is no path of a document\n`,
    })
    expect(await found()).toBe(0)
    const filled = await run('--json', '--batch', '10')
    expect(filled).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(filled.out)).toEqual({
      dryRun: false,
      done: count,
      total: count + 1,
      skipped: ['no path'],
    })
    expect(await found()).toBe(count)
    const storage = await createStorageFromConfig(config)
    const document = await storage.documents.for(tenantId).get('default', 'people/p7')
    await storage.close()
    expect(document).toMatchObject({ id: 'p7', data: { n: 7 } })
    const again = JSON.parse((await run('--json')).out) as unknown
    expect(again).toMatchObject({ done: 0, total: 1 })
  })

  it("touches nobody else's documents", async () => {
    await run()
    expect(await found(other, 'theirs')).toBe(0)
  })

  it('shows how it gets on, stops at a batch, and goes on', async () => {
    const stop = new AbortController()
    const stopped = await place.run(
      ['documents', 'backfill', 'documents.yaml', '--backend', 'main'].concat([
        '--tenant',
        tenantId,
        '--batch',
        '10',
      ]),
      { signal: stop.signal, onErr: () => stop.abort() },
    )
    expect(stopped).toMatchObject({ code: 1, out: '' })
    expect(stopped.err).toBe('10 of 26 documents\nstopped: call it again to go on\n')
    const rest = JSON.parse((await run('--json')).out) as unknown
    expect(rest).toMatchObject({ done: count - 9, total: count - 8 })
    expect(await found()).toBe(count)
  })

  it('lets what was written anew at the path win', async () => {
    const storage = await createStorageFromConfig(config)
    await storage.documents.for(tenantId).create('default', 'people/p7', { n: 'new' })
    await run()
    const document = await storage.documents.for(tenantId).get('default', 'people/p7')
    await storage.close()
    expect(document).toMatchObject({ data: { n: 'new' } })
    expect(await found()).toBe(count)
  })

  it.each([
    [[], '--backend is missing', 2],
    [['--backend', 'main'], '--tenant is missing', 2],
    [['--backend', 'main', '--tenant', 'a b'], 'is no id of a tenant', 2],
    [['--backend', 'main', '--tenant', 't_a', '--batch', '0'], '--batch must be', 2],
    [['--backend', 'other', '--tenant', 't_a'], 'name a MongoDB or a Postgres', 1],
    [['--backend', 'main', '--tenant', 't_a', '--database', 'x'], 'no database of this name', 1],
  ])('refuses %j', async (more, message, code) => {
    const ran = await place.run(['documents', 'backfill', 'documents.yaml', ...more])
    expect(ran.code).toBe(code)
    expect(ran.err).toContain(message)
  })

  it('takes addresses from where the service does, and names what is missing', async () => {
    const referring = JSON.stringify(config)
      .replace(JSON.stringify(database.appUrl), '"connection:main"')
      .replace(JSON.stringify(database.ownerUrl), '"secret:team/OWNER"')
    await place.write('documents.yaml', referring)
    expect((await run()).err).toContain('DATABASE_URL is missing')
    const words = ['documents', 'backfill', 'documents.yaml', '--backend', 'main']
    const all = [...words, '--tenant', tenantId, '--json']
    const without = await place.run(all, { env: { DATABASE_URL: database.appUrl } })
    expect(without.err).toContain('secret:team/OWNER cannot be read')
    await mkdir(join(place.folder, 'team'))
    await place.write('team/OWNER', `${database.ownerUrl}\n`)
    const env = { DATABASE_URL: database.appUrl, SECRETS_DIR: place.folder }
    expect(JSON.parse((await place.run(all, { env })).out)).toMatchObject({ done: count })
    const up = referring.replace('secret:team/OWNER', 'secret:../OWNER')
    await place.write('documents.yaml', up)
    expect((await place.run(all, { env })).code).toBe(1)
  })

  it.each([
    ['missing.yaml', null, 'cannot be read'],
    ['odd.yaml', 'a: [secret-word', 'neither YAML nor JSON'],
    ['unknown.yaml', '{"hosts": {"uri": "secret-word"}}', 'has no field "hosts"'],
  ])('says what is wrong with %s, and repeats none of it', async (name, text, message) => {
    if (text !== null) await place.write(name, text)
    const ran = await place.run([
      'documents',
      'backfill',
      name,
      '--backend',
      'main',
      '--tenant',
      tenantId,
    ])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(message)
    expect(ran.err).not.toContain('secret-word')
  })
})
