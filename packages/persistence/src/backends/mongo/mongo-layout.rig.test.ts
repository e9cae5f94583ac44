import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, eventually, testTenant } from '@heirloom/testkit'
import { take } from '../../contract/documents/document-watch-contract.js'
import { hash128 } from '../../documents/ids.js'
import { createStorageFromConfig, type Storage } from '../../documents/storage.js'
import { mongoRig, startMongod, type Mongod } from './testing/mongod.js'
import { startWorkbench, type MongoWorkbench } from './testing/mongo-client.js'

interface Raw {
  readonly _id: string
  readonly [field: string]: unknown
}
const dayMs = 86_400_000

describeWith(mongoRig, 'MongoDB, looked at by its own client', () => {
  let mongod: Mongod
  let bench: MongoWorkbench
  let storage: Storage
  beforeAll(async () => {
    mongod = await startMongod()
    bench = await startWorkbench(mongod, {
      softDeleteRetentionMs: dayMs,
      indexes: [{ collection: 'people/*/letters', fields: [{ field: 'to', direction: 'desc' }] }],
    })
    storage = await createStorageFromConfig(bench.config)
  })
  afterAll(async () => {
    await storage?.close()
    await bench?.stop()
    await mongod?.stop()
  })

  it('keeps a document in the fields and under the id that are required', async () => {
    const { tenantId } = testTenant()
    await storage.documents.for(tenantId).create('archive', 'people/ada/letters/1', { to: 'Bob' })
    const raw = await bench.db.collection<Raw>('documents').findOne({ tenant: tenantId })
    expect(raw).toEqual({
      _id: `${tenantId}/archive:${hash128('people/ada/letters/1')}`,
      tenant: tenantId,
      database: 'archive',
      mark: expect.any(String),
      fullpath: 'people/ada/letters/1',
      collection: 'people/ada/letters',
      collection_hash: hash128('people/ada/letters'),
      shape: 'people/*/letters',
      parent: 'people/ada',
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      version: 1,
      data: { to: 'Bob' },
      deleted: false,
    })
  })

  it('gives the same path another id in every tenant and database', async () => {
    const tenants = [testTenant().tenantId, testTenant().tenantId]
    for (const tenant of tenants) {
      for (const database of ['default', 'archive']) {
        await storage.documents.for(tenant).create(database, 'people/same', {})
      }
    }
    const found = await bench.db
      .collection<Raw>('documents')
      .find({ fullpath: 'people/same' })
      .toArray()
    expect(new Set(found.map(({ _id }) => _id)).size).toBe(4)
  })

  it('has its indexes: unique, partial, ttl, by database and collection_hash', async () => {
    const documents = await bench.db.collection('documents').indexes()
    expect(documents).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'database_collection_hash',
          key: { tenant: 1, database: 1, collection_hash: 1, _id: 1 },
          partialFilterExpression: { deleted: false },
        }),
        expect.objectContaining({
          name: 'tombstone_ttl',
          key: { expiresAt: 1 },
          expireAfterSeconds: 0,
          partialFilterExpression: { deleted: true },
        }),
        expect.objectContaining({
          name: expect.stringMatching(/^doc_people_letters_to_desc_[0-9a-f]{12}$/),
          key: { tenant: 1, database: 1, collection_hash: 1, 'data.to': -1, _id: -1 },
          partialFilterExpression: { deleted: false, shape: 'people/*/letters' },
        }),
      ]),
    )
    const users = await bench.db.collection('users').indexes()
    expect(users).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          key: { tenant: 1, database: 1, username: 1 },
          unique: true,
        }),
      ]),
    )
    const [options] = await bench.db.listCollections({ name: 'documents' }).toArray()
    expect(options).toMatchObject({ options: { changeStreamPreAndPostImages: { enabled: true } } })
  })

  it('answers queries from the index alone, however deep the page', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    for (let n = 0; n < 30; n += 1) {
      await store.create('default', `people/ada/letters/${n}`, { to: `p${n % 3}` })
    }
    await bench.db.command({ profile: 2 })
    const query = {
      collection: 'people/ada/letters',
      orderBy: [{ field: 'to', direction: 'asc' }],
      limit: 5,
    } as const
    const { next } = await store.query('default', query)
    const page = await store.query('default', { ...query, token: next ?? '' })
    await bench.db.command({ profile: 0 })
    expect(page.documents).toHaveLength(5)
    const profiled = await bench.db
      .collection('system.profile')
      .find({ op: 'query', ns: /documents$/ })
      .toArray()
    expect(profiled).toHaveLength(2)
    for (const one of profiled) {
      expect(one['planSummary']).toContain('IXSCAN')
      expect(one['hasSortStage']).toBeUndefined()
      expect(one['docsExamined']).toBeLessThanOrEqual(7)
    }
  })

  it('refuses a second user of a name even when it is written past the store', async () => {
    const { tenantId } = testTenant()
    const user = await storage.users.for(tenantId).createUser('default', { username: 'ada' })
    const users = bench.db.collection<Raw>('users')
    const raw = await users.findOne({ tenant: tenantId })
    await expect(users.insertOne({ ...raw, _id: 'another' })).rejects.toMatchObject({
      code: 11_000,
    })
    await users.insertOne({ ...raw, _id: 'elsewhere', database: 'archive' })
    expect(raw?._id).toBe(`${tenantId}/${user.id}`)
  })

  it('keeps a tombstone without data until its retention is over, then lets the ttl take it', async () => {
    const { tenantId } = testTenant()
    const store = storage.documents.for(tenantId)
    await store.create('default', 'people/ada', { secret: 'erase me' })
    await store.delete('default', 'people/ada')
    const documents = bench.db.collection<Raw>('documents')
    const tombstone = await documents.findOne({ tenant: tenantId })
    expect(tombstone).toMatchObject({ deleted: true, data: {}, version: 2 })
    const expiresAt = tombstone?.['expiresAt'] as Date
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(dayMs - 60_000)

    await bench.db.admin().command({ setParameter: 1, ttlMonitorSleepSecs: 1 })
    const watch = await store.watch('default')
    await documents.updateOne({ tenant: tenantId }, { $set: { expiresAt: new Date(0) } })
    await eventually(async () => (await documents.countDocuments({ tenant: tenantId })) === 0)
    // Neither the change of a tombstone nor its end is an event.
    await store.create('default', 'people/bob', {})
    expect((await take(watch, 1)).map(({ type, id }) => [type, id])).toEqual([['created', 'bob']])
    expect((await store.create('default', 'people/ada', {})).version).toBe(1)
  })

  it('tells a document that somebody removed by hand as deleted, to its own tenant alone', async () => {
    const [mine, theirs] = [testTenant().tenantId, testTenant().tenantId]
    const [store, other] = [storage.documents.for(mine), storage.documents.for(theirs)]
    await store.create('default', 'people/ada', { n: 1 })
    await other.create('default', 'people/ada', { n: 2 })
    const watch = await store.watch('default', { collection: 'people' })
    const documents = bench.db.collection<Raw>('documents')
    await documents.deleteOne({ tenant: theirs })
    await documents.deleteOne({ tenant: mine })
    const [event] = await take(watch, 1)
    expect(event).toMatchObject({
      type: 'deleted',
      collection: 'people',
      id: 'ada',
      document: null,
    })
    await other.create('default', 'people/more', {})
    await store.create('default', 'people/next', {})
    const rest = await store.watch('default', {
      collection: 'people',
      resumeToken: event?.resumeToken ?? '',
    })
    expect((await take(rest, 1)).map(({ id }) => id)).toEqual(['next'])
  })

  it('keeps a tenant whose name contains another’s, and databases likewise, apart in a watch', async () => {
    const base = testTenant().tenantId
    const longer = testTenant({ tenantId: `${base}-x` as typeof base }).tenantId
    const watch = await storage.documents.for(base).watch('default')
    await storage.documents.for(longer).create('default', 'people/theirs', {})
    await storage.documents.for(base).create('archive', 'people/archived', {})
    await storage.documents.for(base).create('default', 'people/mine', {})
    expect((await take(watch, 1)).map(({ id }) => id)).toEqual(['mine'])
  })
})
