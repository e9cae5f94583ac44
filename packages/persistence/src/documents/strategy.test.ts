import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import { documentMigrations } from '../backends/postgres-documents/schema.js'
import { take } from '../contract/documents/document-watch-contract.js'
import type { StorageConfig } from './config.js'
import { createStorageFromConfig, type Storage } from './storage.js'
import type { ShadowFailure } from './strategy.js'

const inAnHour = (): Date => new Date(Date.now() + 3_600_000)
const code = (expected: string): unknown => expect.objectContaining({ code: expected })

/** Two databases of Postgres under one storage, so that what reaches which can be told apart. */
describe('strategies', () => {
  let left: TestDatabase
  let right: TestDatabase
  beforeAll(async () => {
    left = await testDatabase([documentMigrations])
    right = await testDatabase([documentMigrations])
  })
  afterAll(async () => {
    await left?.drop()
    await right?.drop()
  })

  type Bound = StorageConfig['databases'][string]
  async function withStorage(
    bound: Bound,
    work: (storage: Storage, failures: readonly ShadowFailure[]) => Promise<void>,
    databases: StorageConfig['databases'] = {},
  ): Promise<void> {
    const failures: ShadowFailure[] = []
    const config: StorageConfig = {
      backends: {
        left: { type: 'postgres', url: left.appUrl },
        right: { type: 'postgres', url: right.appUrl },
      },
      databases: { default: bound, ...databases },
    }
    const storage = await createStorageFromConfig(config, {
      onShadowFailure: (failure) => failures.push(failure),
    })
    try {
      await work(storage, failures)
    } finally {
      await storage.close()
    }
  }
  const all = (strategy: Bound['document']): Bound =>
    strategy === undefined ? {} : { document: strategy, user: strategy, revocation: strategy }
  const only = (primary: string): Bound => all({ strategy: 'single', primary })
  const dual = all({ strategy: 'dual-write', primary: 'left', shadow: 'right' })

  async function breakRight(broken: boolean): Promise<void> {
    const client = new Client({ connectionString: right.superuserUrl })
    await client.connect()
    const [from, to] = broken ? ['', '_away'] : ['_away', '']
    for (const table of ['document', 'document_user', 'token_revocation']) {
      await client.query(`alter table ${table}${from} rename to ${table}${to}`)
    }
    await client.end()
  }

  it('dual-write brings every write of every store to both sides', async () => {
    const { tenantId } = testTenant()
    await withStorage(dual, async ({ documents, users, revocations }, failures) => {
      const store = documents.for(tenantId)
      await store.create('default', 'people/ada', { n: 1 })
      await store.patch('default', 'people/ada', { m: 2 })
      await store.create('default', 'people/gone', {})
      await store.delete('default', 'people/gone')
      const user = await users.for(tenantId).createUser('default', { username: 'ada' })
      await users.for(tenantId).updateUser('default', user.id, { roles: ['editor'] })
      await users.for(tenantId).updateUserLoginStats('default', user.id, { ok: false })
      await revocations.for(tenantId).revokeTokenImmediate('default', 'jti', inAnHour())
      expect(failures).toEqual([])
    })
    for (const side of ['left', 'right']) {
      await withStorage(only(side), async ({ documents, users, revocations }) => {
        const ada = await documents.for(tenantId).get('default', 'people/ada')
        expect(ada).toMatchObject({ version: 2, data: { n: 1, m: 2 } })
        expect(await documents.for(tenantId).get('default', 'people/gone')).toBeNull()
        const user = await users.for(tenantId).getUserByUsername('default', 'ada')
        expect(user).toMatchObject({ version: 2, roles: ['editor'], failedLogins: 1 })
        expect(await revocations.for(tenantId).isRevoked('default', 'jti')).toBe(true)
      })
    }
  })

  it('dual-write brings concurrent writes to the same end on both sides', async () => {
    const { tenantId } = testTenant()
    await withStorage(dual, async ({ documents }) => {
      const store = documents.for(tenantId)
      await store.create('default', 'people/ada', {})
      const patches = Array.from({ length: 20 }, (_, n) =>
        store.patch('default', 'people/ada', { [`f${n}`]: n }),
      )
      await Promise.all(patches)
    })
    const seen: unknown[] = []
    for (const side of ['left', 'right']) {
      await withStorage(only(side), async ({ documents }) => {
        seen.push(await documents.for(tenantId).get('default', 'people/ada'))
      })
    }
    expect(seen[0]).toMatchObject({ version: 21 })
    expect(seen[1]).toEqual(seen[0])
  })

  it('dual-write acknowledges what the primary has, reports the shadow, and is brought level', async () => {
    const { tenantId } = testTenant()
    await withStorage(dual, async (storage, failures) => {
      const store = storage.documents.for(tenantId)
      await store.create('default', 'people/kept', { n: 0 })
      await store.create('default', 'people/gone', { n: 0 })
      await breakRight(true)
      try {
        await store.update('default', 'people/kept', { n: 1 })
        await store.delete('default', 'people/gone')
        await store.create('default', 'people/new', { n: 1 })
        await storage.revocations.for(tenantId).revokeToken('default', 'jti', inAnHour())
      } finally {
        await breakRight(false)
      }
      expect(failures.map((failure) => [failure.store, failure.tenant, failure.database])).toEqual([
        ['document', tenantId, 'default'],
        ['document', tenantId, 'default'],
        ['document', tenantId, 'default'],
        ['revocation', tenantId, 'default'],
      ])
      const first = await storage.reconcileDocuments(tenantId, 'default', { pageSize: 2 })
      expect(first).toMatchObject({ compared: 3, repaired: 3, removed: 0 })
      const again = await storage.reconcileDocuments(tenantId, 'default')
      expect(again).toMatchObject({ compared: 3, repaired: 0, removed: 0 })
    })
    await withStorage(only('right'), async ({ documents }) => {
      const store = documents.for(tenantId)
      expect((await store.get('default', 'people/kept'))?.data).toEqual({ n: 1 })
      expect((await store.get('default', 'people/new'))?.data).toEqual({ n: 1 })
      expect(await store.get('default', 'people/gone')).toBeNull()
      await store.create('default', 'people/stray', {})
    })
    await withStorage(dual, async (storage) => {
      const result = await storage.reconcileDocuments(tenantId, 'default')
      expect(result).toMatchObject({ repaired: 0, removed: 1 })
    })
    await withStorage(only('right'), async ({ documents }) => {
      expect(await documents.for(tenantId).get('default', 'people/stray')).toBeNull()
    })
  })

  it('dual-write changes nothing when the primary refuses', async () => {
    const { tenantId } = testTenant()
    await withStorage(dual, async ({ documents }) => {
      const store = documents.for(tenantId)
      await store.create('default', 'people/ada', { n: 1 })
      const refused = store.update('default', 'people/ada', { n: 2 }, { ifVersion: 9 })
      await expect(refused).rejects.toEqual(code('CONFLICT'))
    })
    await withStorage(only('right'), async ({ documents }) => {
      expect(await documents.for(tenantId).get('default', 'people/ada')).toMatchObject({
        version: 1,
      })
    })
  })

  it('reconciling stops when it is told to, and goes on from where it was', async () => {
    const { tenantId } = testTenant()
    await withStorage(only('left'), async ({ documents }) => {
      for (let n = 0; n < 10; n += 1) {
        await documents.for(tenantId).create('default', `people/p${n}`, { n })
      }
    })
    await withStorage(dual, async (storage) => {
      const stop = new AbortController()
      let after = ''
      const stopped = storage.reconcileDocuments(tenantId, 'default', {
        pageSize: 4,
        signal: stop.signal,
        onProgress: (progress) => {
          after = progress.after
          stop.abort(new Error('stopped'))
        },
      })
      await expect(stopped).rejects.toThrow('stopped')
      const rest = await storage.reconcileDocuments(tenantId, 'default', { after, pageSize: 4 })
      expect(rest).toMatchObject({ compared: 6, repaired: 6 })
    })
  })

  it('read-replica writes and watches the primary, and reads the shadow', async () => {
    const { tenantId } = testTenant()
    await withStorage(only('right'), ({ documents }) =>
      documents
        .for(tenantId)
        .create('default', 'people/ada', { from: 'right' })
        .then(() => undefined),
    )
    const replica = all({ strategy: 'read-replica', primary: 'left', shadow: 'right' })
    await withStorage(replica, async ({ documents, users, revocations }) => {
      const store = documents.for(tenantId)
      const watch = await store.watch('default')
      await store.create('default', 'people/bob', { from: 'left' })
      expect((await store.get('default', 'people/ada'))?.data).toEqual({ from: 'right' })
      expect(await store.get('default', 'people/bob')).toBeNull()
      const listed = await store.query('default', { collection: 'people', limit: 9 })
      expect(listed.documents.map(({ id }) => id)).toEqual(['ada'])
      expect((await take(watch, 1)).map(({ id }) => id)).toEqual(['bob'])
      await users.for(tenantId).createUser('default', { username: 'ada' })
      expect(await users.for(tenantId).getUserByUsername('default', 'ada')).toBeNull()
      await revocations.for(tenantId).revokeToken('default', 'jti', inAnHour())
      expect(await revocations.for(tenantId).isRevoked('default', 'jti')).toBe(false)
    })
  })

  it('a dedicated database has backends of its own, and no other tenant reaches it', async () => {
    const [owner, other] = [testTenant().tenantId, testTenant().tenantId]
    const vault = { ...only('right'), tenants: [owner] }
    await withStorage(
      only('left'),
      async ({ documents, users, revocations }) => {
        await documents.for(owner).create('vault', 'people/ada', {})
        for (const attempt of [
          () => documents.for(other).get('vault', 'people/ada'),
          () => users.for(other).getUserByUsername('vault', 'ada'),
          () => revocations.for(other).isRevoked('vault', 'jti'),
        ]) {
          await expect(attempt()).rejects.toEqual(code('DATABASE_UNKNOWN'))
        }
      },
      { vault },
    )
    const client = new Client({ connectionString: right.superuserUrl })
    await client.connect()
    const { rows } = await client.query('select database from document where tenant_id = $1', [
      owner,
    ])
    await client.end()
    expect(rows).toEqual([{ database: 'vault' }])
  })

  it('a watch whose database moved to another backend is told, and not misled', async () => {
    const { tenantId } = testTenant()
    let resumeToken = ''
    await withStorage(only('left'), async ({ documents }) => {
      resumeToken = (await documents.for(tenantId).watch('default')).position
    })
    await withStorage(only('right'), async ({ documents }) => {
      const moved = documents.for(tenantId).watch('default', { resumeToken })
      await expect(moved).rejects.toEqual(code('CURSOR_EXPIRED'))
    })
  })

  it('refuses to reconcile what is not written twice', async () => {
    const { tenantId } = testTenant()
    await withStorage(only('left'), async (storage) => {
      const attempt = storage.reconcileDocuments(tenantId, 'default')
      await expect(attempt).rejects.toEqual(code('INVALID_INPUT'))
    })
  })
})
