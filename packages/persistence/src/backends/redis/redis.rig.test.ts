import { randomBytes } from 'node:crypto'
import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith, eventually, testDatabase, testTenant } from '@heirloom/testkit'
import {
  rigConfig,
  tokenRevocationContract,
  type StorageRig,
} from '../../contract/documents/index.js'
import { databaseId } from '../../documents/ids.js'
import { createStorageFromConfig } from '../../documents/storage.js'
import { documentMigrations } from '../postgres-documents/schema.js'
import { redisRig, startRedis, type RedisServer } from './testing/redis-server.js'

describeWith(redisRig, 'Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server?.stop())

  const prefix = `test-${randomBytes(6).toString('hex')}`
  const rig: StorageRig = {
    name: 'redis',
    start: async () => {
      const postgres = await testDatabase([documentMigrations])
      const single = { strategy: 'single', primary: 'postgres' } as const
      return {
        open: ({ now, documents } = {}) => {
          const config = rigConfig(
            {
              postgres: { type: 'postgres', url: postgres.appUrl },
              redis: { type: 'redis', url: server.url, prefix },
            },
            {
              document: single,
              user: single,
              revocation: { strategy: 'single', primary: 'redis' },
            },
            documents,
          )
          return createStorageFromConfig(config, now === undefined ? {} : { now })
        },
        stop: postgres.drop,
      }
    },
  }
  tokenRevocationContract(rig)

  describe('as it is kept', () => {
    it('has a ttl on each entry, as long as the token lives', async () => {
      const running = await rig.start()
      const storage = await running.open()
      const client = createClient({ url: server.url })
      await client.connect()
      try {
        const { tenantId } = testTenant()
        const store = storage.revocations.for(tenantId)
        const lifeMs = 600_000
        await store.revokeToken('default', 'jti', new Date(Date.now() + lifeMs))
        const key = `${prefix}:${tenantId}/${databaseId('default', 'jti')}`
        const ttlMs = await client.pTTL(key)
        expect(ttlMs).toBeGreaterThan(lifeMs - 30_000)
        expect(ttlMs).toBeLessThanOrEqual(lifeMs)
        await store.revokeToken('default', 'brief', new Date(Date.now() + 300))
        await eventually(
          async () =>
            (await client.exists(`${prefix}:${tenantId}/${databaseId('default', 'brief')}`)) === 0,
        )
      } finally {
        client.destroy()
        await storage.close()
        await running.stop()
      }
    })

    it('fails while the server is away, never says "not revoked", and goes on afterwards', async (context) => {
      const { crash, restart } = server
      if (crash === undefined || restart === undefined) {
        context.skip('a real server is not killed')
        return
      }
      const running = await rig.start()
      const storage = await running.open()
      try {
        const store = storage.revocations.for(testTenant().tenantId)
        await store.revokeToken('default', 'jti', new Date(Date.now() + 600_000))
        await crash()
        await expect(store.isRevoked('default', 'jti')).rejects.toMatchObject({
          code: expect.stringMatching(/^(BACKEND_UNAVAILABLE|TIMEOUT)$/),
        })
        await restart()
        await eventually(() => store.isRevoked('default', 'jti'))
      } finally {
        await storage.close()
        await running.stop()
      }
    })
  })
})
