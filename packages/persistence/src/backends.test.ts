import { describe, expect, it } from 'vitest'
import { testDatabase } from '@heirloom/testkit'
import { createBackendPool, createBackends } from './backends.js'
import { recordMigrations } from './backends/postgres/schema.js'
import {
  eventStreamContract,
  recordTableConcurrencyContract,
  recordTableContract,
  recordTableModelContract,
} from './contract/index.js'
import type { BackendRig } from './contract/backend-rig.js'

/** A real server for each backend of `createBackends`. */
const rigs: readonly BackendRig[] = [
  {
    type: 'postgres',
    start: async (now) => {
      const database = await testDatabase([recordMigrations])
      const [postgres] = createBackends({
        postgresConnections: { main: { url: database.appUrl } },
        now,
      })
      if (postgres === undefined) throw new Error('there is no Postgres backend')
      return {
        open: () => postgres.open({ connection: 'main' }),
        stop: () => database.drop(),
      }
    },
  },
]

for (const rig of rigs) {
  recordTableContract(rig)
  recordTableConcurrencyContract(rig)
  recordTableModelContract(rig)
  eventStreamContract(rig)
}

describe('backends', () => {
  const environment = { postgresConnections: { main: { url: 'postgres://127.0.0.1:1/none' } } }

  it('each have a rig, so that none escapes the contract', () => {
    const types = createBackends(environment).map((backend) => backend.type)
    expect(rigs.map((rig) => rig.type)).toEqual(types)
  })

  it('that this build does not have are named when asked for', () => {
    const pool = createBackendPool(createBackends(environment))
    expect(() => pool.open('dynamodb', {})).toThrow('dynamodb is not available in this build')
  })

  it('refuse a connection that the process was not given', () => {
    const pool = createBackendPool(createBackends(environment))
    for (const connection of ['other', 'constructor', '__proto__']) {
      expect(() => pool.open('postgres', { connection })).toThrow('no Postgres connection named')
    }
  })

  it('are opened once for the same config', async () => {
    const pool = createBackendPool(createBackends(environment))
    const one = pool.open('postgres', { connection: 'main' })
    expect(pool.open('postgres', { connection: 'main' })).toBe(one)
    await pool.close()
  })

  it('that are away say so', async () => {
    const pool = createBackendPool(createBackends(environment))
    const backend = pool.open('postgres', { connection: 'main' })
    await expect(backend.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await pool.close()
  })
})
