import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeWith, testTenant } from '@heirloom/testkit'
import {
  eventStreamContract,
  recordScanContract,
  recordTableConcurrencyContract,
  recordTableContract,
  recordTableIsolationContract,
  recordTableModelContract,
  recordTableRangeContract,
} from '../../contract/index.js'
import type { OpenBackend } from '../backend.js'
import { createCosmosBackend } from './cosmos-backend.js'
import {
  cosmosServiceBackendRig,
  runCosmosService,
  type RunningCosmos,
} from './testing/cosmos-rig.js'
import { cosmosServiceRig } from './testing/cosmos-server.js'

describeWith(cosmosServiceRig, 'Cosmos itself', () => {
  recordTableContract(cosmosServiceBackendRig)
  recordTableConcurrencyContract(cosmosServiceBackendRig)
  recordTableModelContract(cosmosServiceBackendRig)
  recordTableRangeContract(cosmosServiceBackendRig)
  recordTableIsolationContract(cosmosServiceBackendRig)
  recordScanContract(cosmosServiceBackendRig)
  eventStreamContract(cosmosServiceBackendRig)

  describe('what no other server can show', () => {
    let running: RunningCosmos
    let backend: OpenBackend

    beforeAll(async () => {
      running = await runCosmosService(Date.now)
      backend = running.open()
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })

    async function rawIds(pk: string): Promise<readonly string[]> {
      const { resources } = await running.database
        .container(running.config.container)
        .items.query<{ id: string }>('SELECT c.id FROM c', { partitionKey: pk })
        .fetchAll()
      return resources.map(({ id }) => id)
    }

    it('takes a batch back whole when its last write fails', async () => {
      const { tenantId } = testTenant()
      const table = backend.records.for(tenantId)
      await table.put('p', 'z', {})
      await expect(
        table.transact('p', [
          { op: 'put', sk: 'a', value: {} },
          { op: 'put', sk: 'b', value: {} },
          { op: 'put', sk: 'z', value: {}, expect: 'absent' },
        ]),
      ).rejects.toMatchObject({ code: 'CONFLICT', details: { failed: [2] } })
      expect(await rawIds(`${tenantId}#p`)).toEqual(['z'])
    })

    it('deletes what has expired', async () => {
      const { tenantId } = testTenant()
      const table = backend.records.for(tenantId)
      await table.put('p', 'k', {}, { expiresAt: new Date(Date.now() + 2_000) })
      const gone = async (): Promise<boolean> => (await rawIds(`${tenantId}#p`)).length === 0
      expect(await vi.waitUntil(gone, { timeout: 60_000, interval: 1_000 })).toBe(true)
    })

    it('refuses another key, and says so', async () => {
      const secrets = (): Promise<string> =>
        Promise.resolve(Buffer.from('another key').toString('base64'))
      const other = createCosmosBackend({ secrets }).open(running.config)
      await expect(other.ping()).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: expect.stringContaining('refuses the key'),
      })
      await other.close()
    })

    it('tells a container that is not there from a record that is not there', async () => {
      const other = running.backend.open({ ...running.config, container: 'none' })
      const table = other.records.for(testTenant().tenantId)
      for (const call of [
        table.get('p', 'k'),
        table.put('p', 'k', {}),
        table.query('p', { limit: 1 }),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      }
      await other.close()
    })
  })
})
