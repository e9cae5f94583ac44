import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  eventually,
  fixedClock,
  testDatabase,
  testTenant,
  type TestDatabase,
} from '@heirloom/testkit'
import { hasCode } from '@heirloom/errors'
import { take } from '../../contract/documents/document-watch-contract.js'
import { hash128 } from '../../documents/ids.js'
import type { StorageConfig } from '../../documents/config.js'
import { createStorageFromConfig, type Storage } from '../../documents/storage.js'
import { documentMigrations } from './schema.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })
const dayMs = 86_400_000
const indexes = [{ collection: 'people', fields: [{ field: 'born', direction: 'desc' }] }] as const

describe('documents in Postgres, looked at by its own client', () => {
  let database: TestDatabase
  let client: Client
  let storage: Storage
  const clock = fixedClock()
  const config = (documents: StorageConfig['documents'], withOwner = true): StorageConfig => {
    const single = { strategy: 'single', primary: 'main' } as const
    const owner = withOwner ? { ownerUrl: database.ownerUrl } : {}
    return {
      backends: { main: { type: 'postgres', url: database.appUrl, ...owner } },
      databases: {
        default: { document: single, user: single, revocation: single },
        archive: {},
      },
      ...(documents === undefined ? {} : { documents }),
    }
  }
  beforeAll(async () => {
    database = await testDatabase([documentMigrations])
    client = new Client({ connectionString: database.superuserUrl })
    await client.connect()
    storage = await createStorageFromConfig(
      config({ softDeleteRetentionMs: dayMs, changeRetentionMs: dayMs, indexes }),
      { now: clock.now },
    )
  })
  afterAll(async () => {
    await storage?.close()
    await client?.end()
    await database?.drop()
  })

  it('and revoked tokens whose time is over are deleted, of tenants that do nothing more too', async () => {
    const tenants = [testTenant().tenantId, testTenant().tenantId]
    const signal = new AbortController().signal
    const rowsOf = async (table: string): Promise<number> => {
      const { rows } = await client.query(
        `select count(*)::int as n from ${table} where tenant_id = any($1)`,
        [tenants],
      )
      return (rows as { n: number }[])[0]?.n ?? -1
    }
    const inAnHour = new Date(clock.now() + 3_600_000)
    for (const tenant of tenants) {
      const documents = storage.documents.for(tenant)
      for (const id of ['stays', 'goes']) await documents.create('default', `people/${id}`, {})
      await documents.delete('default', 'people/goes')
      await storage.revocations.for(tenant).revokeToken('archive', 'short', inAnHour)
      const inAYear = new Date(clock.now() + 365 * dayMs)
      await storage.revocations.for(tenant).revokeToken('archive', 'long', inAYear)
    }
    // Nothing yet: tombstones are kept for a day, and the tokens are still refused by their entries.
    await storage.purgeExpired(new Date(clock.now()), signal)
    expect([await rowsOf('document'), await rowsOf('token_revocation')]).toEqual([4, 4])
    const inTwoDays = new Date(clock.now() + 2 * dayMs)
    expect(await storage.purgeExpired(inTwoDays, AbortSignal.abort())).toBe(0)
    const both = [storage.purgeExpired(inTwoDays, signal), storage.purgeExpired(inTwoDays, signal)]
    await Promise.all(both)
    await storage.purgeExpired(inTwoDays, signal)
    expect([await rowsOf('document'), await rowsOf('token_revocation')]).toEqual([2, 2])
    for (const tenant of tenants) {
      const documents = storage.documents.for(tenant)
      expect(await documents.get('default', 'people/stays')).toMatchObject({ version: 1 })
      expect(await storage.revocations.for(tenant).isRevoked('archive', 'long')).toBe(true)
      // The path begins again.
      expect(await documents.create('default', 'people/goes', {})).toMatchObject({ version: 1 })
    }
  })

  it('are kept in the fields and under the id that are required', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    await store.create('archive', 'people/ada/letters/1', { to: 'Bob' })
    await store.create('default', 'people/ada/letters/1', { to: 'Bob' })
    const { rows } = await client.query(
      'select * from document where tenant_id = $1 order by database',
      [tenantId],
    )
    const hash = hash128('people/ada/letters/1')
    expect(rows.map(({ id }: { id: string }) => id)).toEqual([`archive:${hash}`, `default:${hash}`])
    expect(rows[0]).toMatchObject({
      database: 'archive',
      fullpath: 'people/ada/letters/1',
      collection: 'people/ada/letters',
      collection_hash: hash128('people/ada/letters'),
      parent: 'people/ada',
      version: '1',
      data: { to: 'Bob' },
      deleted: false,
      expires_at: null,
    })
  })

  it('have their indexes: unique, partial, by database and collection_hash', async () => {
    const { rows } = await client.query<{ indexname: string; indexdef: string }>(
      `select indexname, indexdef from pg_indexes where schemaname = 'public'`,
    )
    const definition = (name: RegExp): string =>
      rows.find(({ indexname }) => name.test(indexname))?.indexdef ?? ''
    expect(definition(/^document_collection$/)).toMatch(
      /\(tenant_id, database, collection_hash, id\) WHERE \(NOT deleted\)/,
    )
    expect(definition(/^document_expiry$/)).toMatch(/\(tenant_id, expires_at\) WHERE deleted/)
    expect(definition(/^document_user_username$/)).toMatch(
      /UNIQUE .*\(tenant_id, database, username\)/,
    )
    expect(definition(/^token_revocation_expiry$/)).toMatch(/\(tenant_id, expires_at\)/)
    expect(definition(/^doc_people_born_desc_/)).toMatch(
      /document_rank\(data, '\{born\}'::text\[\]\) DESC.*id DESC\) WHERE .*shape = 'people'/s,
    )
  })

  it('are found by their index, deep pages too', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    for (let n = 0; n < 5; n += 1) await store.create('default', `people/p${n}`, { born: n })
    await client.query(
      `insert into document (tenant_id, database, id, fullpath, collection, collection_hash, shape,
         parent, version, created_at, updated_at, data)
       select $1, 'default', 'default:' || md5(n::text), 'people/' || n, 'people', $2, 'people', '',
         1, now(), now(), jsonb_build_object('born', n)
       from generate_series(10, 5000) n`,
      [tenantId, hash128('people')],
    )
    await client.query('analyze document')
    await client.query(`set auto_explain.log_min_duration = -1`).catch(() => undefined)
    const order = (direction: string): string =>
      ['document_rank', 'document_number', 'document_text']
        .map((part) => `${part}(data, '{born}'::text[]) ${direction}`)
        .join(', ')
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain select id from document
       where tenant_id = $1 and database = 'default' and collection_hash = $2 and not deleted
         and shape = 'people'
         and (document_rank(data, '{born}'::text[]), document_number(data, '{born}'::text[]),
           document_text(data, '{born}'::text[])) <= (1::smallint, 2500::float8, '')
       order by ${order('desc')}, id desc limit 10`,
      [tenantId, hash128('people')],
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toMatch(/Index Scan using doc_people_born_desc_/)
    expect(plan).toMatch(/Index Cond: .*ROW\(/s)
    expect(plan).not.toContain('Sort')
  })

  it('cannot start on a database without the declared indexes, unless it may create them', async () => {
    const declared = [
      { collection: 'places', fields: [{ field: 'name', direction: 'asc' }] },
    ] as const
    const without = createStorageFromConfig(config({ indexes: declared }, false))
    await expect(without).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      details: { missing: [expect.stringMatching(/^doc_places_name_asc_/)] },
    })
    const both = await Promise.all([
      createStorageFromConfig(config({ indexes: declared })),
      createStorageFromConfig(config({ indexes: declared })),
    ])
    for (const one of both) await one.close()
    await (await createStorageFromConfig(config({ indexes: declared }, false))).close()
  })

  it('are created by hand just as the error says', async () => {
    const store = storage.documents.for(testTenant().tenantId)
    await store.create('default', 'people/ada/letters/1', { to: 'Bob', sent: 1 })
    const query = {
      collection: 'people/ada/letters',
      where: [{ field: 'to', op: '==', value: 'Bob' }],
      orderBy: [{ field: 'sent', direction: 'desc' }],
      limit: 5,
    } as const
    const failure: unknown = await store.query('default', query).catch((error: unknown) => error)
    expect(failure).toEqual(code('INDEX_REQUIRED'))
    const owner = new Client({ connectionString: database.ownerUrl })
    await owner.connect()
    await owner.query((failure as { details: { create: string } }).details.create)
    await owner.end()
    expect((await store.query('default', query)).documents).toHaveLength(1)
  })

  it('are hidden from the app role until it is bound to a tenant, and from other tenants always', async () => {
    const { tenantId } = testTenant()
    await storage.documents.for(tenantId).create('default', 'people/ada', {})
    await storage.users.for(tenantId).createUser('default', { username: 'ada' })
    await storage.revocations.for(tenantId).revokeToken('default', 'x', new Date(clock.now() + 9e6))
    const app = new Client({ connectionString: database.appUrl })
    await app.connect()
    for (const bound of ['', testTenant().tenantId]) {
      await app.query(`select set_config('heirloom.tenant_id', $1, false)`, [bound])
      for (const table of [
        'document',
        'document_head',
        'document_change',
        'document_user',
        'token_revocation',
      ]) {
        expect((await app.query(`select 1 from ${table}`)).rows, table).toEqual([])
        const forged = app.query(`update ${table} set tenant_id = $1`, [tenantId])
        expect((await forged).rowCount).toBe(0)
      }
    }
    await app.end()
  })

  it('leave tombstones without data, which go with later deletions', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    for (const id of ['a', 'b', 'c']) await store.create('default', `people/${id}`, { secret: id })
    await store.delete('default', 'people/a')
    const tombstones = async (): Promise<unknown[]> => {
      const { rows } = await client.query(
        'select fullpath, data from document where tenant_id = $1 and deleted order by 1',
        [tenantId],
      )
      return rows
    }
    expect(await tombstones()).toEqual([{ fullpath: 'people/a', data: {} }])
    clock.advance(dayMs - 1)
    await store.delete('default', 'people/b')
    expect(await tombstones()).toHaveLength(2)
    clock.advance(1)
    await store.delete('default', 'people/c')
    expect((await tombstones()).map((row) => (row as { fullpath: string }).fullpath)).toEqual([
      'people/b',
      'people/c',
    ])
    expect((await store.create('default', 'people/a', {})).version).toBe(1)
    expect((await store.create('default', 'people/b', {})).version).toBe(3)
  })

  it('end a watch that was away for longer than its changes are kept, by name', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    const { position: tooOld } = await store.watch('default')
    await store.create('default', 'people/ada', { n: -1 })
    clock.advance(2 * dayMs)
    for (let n = 0; n < 256; n += 1) await store.patch('default', 'people/ada', { n })
    const away = store.watch('default', { resumeToken: tooOld })
    await expect(away).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', details: { from: 1 } })
    const { rows } = await client.query(
      'select min(position)::int as first, count(*)::int from document_change where tenant_id = $1',
      [tenantId],
    )
    expect(rows).toEqual([{ first: 2, count: 256 }])
  })

  it('refuse a position that a restored database has not come to', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    await store.create('default', 'people/ada', {})
    const { position } = await store.watch('default')
    await client.query('update document_head set position = 0 where tenant_id = $1', [tenantId])
    const ahead = store.watch('default', { resumeToken: position })
    await expect(ahead).rejects.toEqual(code('CURSOR_AHEAD'))
  })

  it('show a change only with every change before it, though a writer commits late', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    const watch = await store.watch('default')
    await store.create('default', 'people/first', {})
    // A writer that has its position, and does not commit.
    const slow = new Client({ connectionString: database.superuserUrl })
    await slow.connect()
    await slow.query('begin')
    await slow.query(
      `update document_head set position = position + 1 where tenant_id = $1 and database = 'default'`,
      [tenantId],
    )
    await slow.query(
      `insert into document_change
       select tenant_id, database, 2, type, at, 'default:late', 'people/late', collection,
         collection_hash, shape, parent, version, created_at, updated_at, data
       from document_change where tenant_id = $1`,
      [tenantId],
    )
    const fast = store.create('default', 'people/fast', {})
    await eventually(async () => {
      const { rows } = await client.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = $1`,
        [database.name],
      )
      return rows.length > 0
    })
    await slow.query('commit')
    await slow.end()
    await fast
    expect((await take(watch, 3)).map(({ id }) => id)).toEqual(['first', 'late', 'fast'])
  })

  it('lose no event when every connection to the server is cut, again and again', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    let { position: resumeToken } = await store.watch('default')
    const written: string[] = []
    const seen: string[] = []
    const stop = new AbortController()
    const away = (error: unknown): void => {
      if (!hasCode(error, 'BACKEND_UNAVAILABLE')) throw error
    }
    const follower = (async () => {
      while (!stop.signal.aborted) {
        try {
          for await (const event of await store.watch('default', {
            resumeToken,
            signal: stop.signal,
          })) {
            seen.push(event.id)
            resumeToken = event.resumeToken
          }
        } catch (error) {
          away(error)
        }
      }
    })()
    for (let n = 0; n < 60; n += 1) {
      await store.create('default', `people/p${n}`, { n }).then(() => written.push(`p${n}`), away)
      if (n % 15 === 7) {
        await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = $1 and pid <> pg_backend_pid()`,
          [database.name],
        )
      }
    }
    await eventually(() => Promise.resolve(written.every((id) => seen.includes(id))))
    stop.abort()
    await follower
    expect(new Set(seen).size).toBe(seen.length)
    expect(written.length).toBeGreaterThan(40)
  })

  it('forget revocations whose tokens have expired, as others are added', async () => {
    const { tenantId } = testTenant()
    const store = storage.revocations.for(tenantId)
    await store.revokeToken('default', 'one', new Date(clock.now() + 1_000))
    clock.advance(1_000)
    await store.revokeToken('default', 'two', new Date(clock.now() + 1_000))
    const { rows } = await client.query('select id from token_revocation where tenant_id = $1', [
      tenantId,
    ])
    expect(rows).toEqual([{ id: `default:${hash128('two')}` }])
  })
})
