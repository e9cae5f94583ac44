import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, eventually, testTenant } from '@heirloom/testkit'
import { hasCode } from '@heirloom/errors'
import { take } from '../../contract/documents/document-watch-contract.js'
import { backfillDocuments } from '../../documents/backfill.js'
import type { BackfillProgress } from '../../documents/backfill-progress.js'
import { hash128 } from '../../documents/ids.js'
import { createStorageFromConfig } from '../../documents/storage.js'
import { mongoRig, startMongod, type Mongod } from './testing/mongod.js'
import { startWorkbench } from './testing/mongo-client.js'

interface Raw {
  readonly _id: string
  readonly [field: string]: unknown
}

describeWith(mongoRig, 'MongoDB in trouble', () => {
  let mongod: Mongod
  beforeAll(async () => {
    mongod = await startMongod()
  })
  afterAll(() => mongod?.stop())

  it('loses no acknowledged write and no event when mongod is killed under a watch', async (context) => {
    const { crash } = mongod
    if (crash === undefined) {
      context.skip('a real deployment is not killed')
      return
    }
    const bench = await startWorkbench(mongod)
    const storage = await createStorageFromConfig(bench.config)
    try {
      const store = storage.documents.for(testTenant().tenantId)
      let { position: resumeToken } = await store.watch('default')
      const written: string[] = []
      const seen: string[] = []
      const stopWriting = new AbortController()
      const writer = (async () => {
        for (let n = 0; !stopWriting.signal.aborted; n += 1) {
          // Refused while the server is away; whether such a write happened is not known.
          await store.create('default', `people/p${n}`, { n }).then(
            () => written.push(`p${n}`),
            () => undefined,
          )
        }
      })()
      const stop = new AbortController()
      const follower = (async () => {
        while (!stop.signal.aborted) {
          try {
            const watch = await store.watch('default', { resumeToken, signal: stop.signal })
            for await (const event of watch) {
              seen.push(event.id)
              resumeToken = event.resumeToken
            }
          } catch (error) {
            if (!hasCode(error, 'BACKEND_UNAVAILABLE') && !hasCode(error, 'TIMEOUT')) throw error
          }
        }
      })()
      await eventually(() => Promise.resolve(seen.length > 20))
      await crash()
      const before = written.length
      await eventually(() => Promise.resolve(written.length > before + 20))
      stopWriting.abort()
      await writer
      await eventually(() => Promise.resolve(written.every((id) => seen.includes(id))))
      stop.abort()
      await follower
      expect(new Set(seen).size).toBe(seen.length)
      for (const id of written) expect(await store.get('default', `people/${id}`)).not.toBeNull()
    } finally {
      await storage.close()
      await bench.stop()
    }
  })

  it('ends a watch by name when the collection under it is dropped', async () => {
    const bench = await startWorkbench(mongod)
    const storage = await createStorageFromConfig(bench.config)
    try {
      const store = storage.documents.for(testTenant().tenantId)
      const watch = await store.watch('default')
      await store.create('default', 'people/ada', {})
      await bench.db.collection('documents').drop()
      await expect(take(watch, 2)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
    } finally {
      await storage.close()
      await bench.stop()
    }
  })

  it('names a server that is away, and starts nothing without it', async () => {
    const bench = await startWorkbench(mongod)
    const away = { type: 'mongo', uri: 'mongodb://127.0.0.1:1/?replicaSet=rs0', db: 'none' }
    const config = { ...bench.config, backends: { ...bench.config.backends, mongo: away } }
    await expect(createStorageFromConfig(config)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    await bench.stop()
  })

  it('gives documents of before their database and the rest, resumes, and reports', async () => {
    const bench = await startWorkbench(mongod)
    const { tenantId } = testTenant()
    const legacy = bench.db.collection<Raw>('documents')
    const at = new Date('2020-01-01')
    const paths = Array.from({ length: 25 }, (_, n) => `people/p${n}`)
    await legacy.insertMany([
      ...paths.map((fullpath, n) => ({
        _id: hash128(fullpath),
        fullpath,
        collection: 'people',
        parent: '',
        createdAt: at,
        updatedAt: at.getTime(),
        version: n + 1,
        data: { n, 'a.b': { $c: 1 } },
        deleted: n === 24,
      })),
      { _id: 'odd', fullpath: 'no path' },
    ])
    const progress: BackfillProgress[] = []
    const stop = new AbortController()
    const interrupted = backfillDocuments(bench.config, 'mongo', {
      tenant: tenantId,
      batchSize: 10,
      signal: stop.signal,
      onProgress: (one) => {
        progress.push(one)
        stop.abort(new Error('killed'))
      },
    })
    await expect(interrupted).rejects.toThrow('killed')
    expect(progress).toHaveLength(1)
    // As a run leaves it that is killed between the writing and the removing.
    await legacy.insertOne({ _id: hash128('people/p0'), fullpath: 'people/p0', data: { n: 'old' } })
    const rest = await backfillDocuments(bench.config, 'mongo', { tenant: tenantId })
    expect(rest.skipped).toEqual(['no path'])
    expect((progress[0]?.done ?? 0) + rest.done).toBe(26)

    const storage = await createStorageFromConfig(bench.config)
    try {
      const store = storage.documents.for(tenantId)
      for (const [n, path] of paths.slice(0, 24).entries()) {
        expect(await store.get('default', path)).toEqual({
          collection: 'people',
          id: `p${n}`,
          version: n + 1,
          createdAt: at,
          updatedAt: at,
          data: { n, 'a.b': { $c: 1 } },
        })
      }
      expect(await store.get('default', 'people/p24')).toBeNull()
      const { documents } = await store.query('default', { collection: 'people', limit: 100 })
      expect(documents).toHaveLength(24)
      const others = storage.documents.for(testTenant().tenantId)
      expect((await others.query('default', { collection: 'people', limit: 9 })).documents).toEqual(
        [],
      )
      const again = await backfillDocuments(bench.config, 'mongo', { tenant: tenantId })
      expect(again).toMatchObject({ done: 0, total: 1 })
      const watch = await store.watch('default')
      await store.patch('default', 'people/p1', { more: 1 })
      expect((await take(watch, 1))[0]).toMatchObject({ type: 'updated', version: 3 })
    } finally {
      await storage.close()
      await bench.stop()
    }
  })
})
