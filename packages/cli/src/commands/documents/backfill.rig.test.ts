import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createStorageFromConfig, documentMigrations } from '@heirloom/persistence'
import { mongoRig, startMongod, type Mongod } from '@heirloom/persistence/rigs'
import { describeWith, testDatabase, testTenant } from '@heirloom/testkit'
import { createWorkplace, type Workplace } from '../../testing/run.js'

const count = 40

describeWith(mongoRig, 'heirloom documents backfill, on MongoDB', () => {
  let mongod: Mongod
  let place: Workplace
  let client: MongoClient
  let database: Awaited<ReturnType<typeof testDatabase>>
  const db = `test_${randomBytes(6).toString('hex')}`
  const { tenantId } = testTenant()

  beforeAll(async () => {
    mongod = await startMongod()
    database = await testDatabase([documentMigrations])
    client = new MongoClient(mongod.uri)
    place = await createWorkplace()
  })
  afterAll(async () => {
    await client.db(db).dropDatabase()
    await client.close()
    await place.remove()
    await database.drop()
    await mongod.stop()
  })

  it('fills up, stopped and called again, what was there before databases', async () => {
    const bound = { strategy: 'single', primary: 'mongo' }
    const config = {
      backends: {
        mongo: { type: 'mongo', uri: mongod.uri, db },
        postgres: { type: 'postgres', url: database.appUrl, ownerUrl: database.ownerUrl },
      },
      databases: {
        default: {
          document: bound,
          user: bound,
          revocation: { strategy: 'single', primary: 'postgres' },
        },
      },
    }
    await place.write('documents.json', JSON.stringify(config))
    await client
      .db(db)
      .collection<{ _id: string }>('documents')
      .insertMany(
        Array.from({ length: count }, (_, n) => ({
          _id: `old-${n}`,
          fullpath: `people/p${n}`,
          data: { n },
        })),
      )
    const words = ['documents', 'backfill', 'documents.json', '--backend', 'mongo']
    const all = [...words, '--tenant', tenantId]

    const counted = await place.run([...all, '--dry-run', '--json'])
    expect(JSON.parse(counted.out)).toMatchObject({ dryRun: true, done: count, total: count })
    const raw = client.db(db).collection('documents')
    expect(await raw.countDocuments({ collection_hash: { $exists: true } })).toBe(0)

    const stop = new AbortController()
    const stopped = await place.run([...all, '--batch', '15'], {
      signal: stop.signal,
      onErr: () => stop.abort(),
    })
    expect(stopped.code).toBe(1)
    const rest = await place.run([...all, '--json'])
    expect(JSON.parse(rest.out)).toMatchObject({ done: count - 15, total: count - 15 })
    const again = await place.run(all)
    expect(again).toMatchObject({ code: 0, out: 'there is nothing to do\n' })

    const storage = await createStorageFromConfig(config)
    try {
      const query = { collection: 'people', limit: 100 }
      const mine = await storage.documents.for(tenantId).query('default', query)
      expect(mine.documents).toHaveLength(count)
      const theirs = await storage.documents.for(testTenant().tenantId).query('default', query)
      expect(theirs.documents).toEqual([])
    } finally {
      await storage.close()
    }
  })
})
