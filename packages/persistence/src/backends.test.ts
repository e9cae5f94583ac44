import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { testDatabase } from '@heirloom/testkit'
import { createBackendPool, createBackends } from './backends.js'
import type { BackendType } from './backends/backend.js'
import { filesystemBackendRig } from './backends/filesystem/testing/filesystem-rig.js'
import { recordMigrations } from './backends/postgres/schema.js'
import {
  eventStreamContract,
  recordScanContract,
  recordTableConcurrencyContract,
  recordTableContract,
  recordTableIsolationContract,
  recordTableModelContract,
  recordTableRangeContract,
  storeContracts,
} from './contract/index.js'
import type { BackendRig } from './contract/backend-rig.js'

/** A real server for each backend of `createBackends` that this run can start by itself. */
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
  filesystemBackendRig,
]

/** The others pass the same suites in their own file, by `npm run test:rigs`. */
const rigTests: Readonly<Partial<Record<BackendType, string>>> = {
  dynamodb: './backends/dynamodb/dynamodb.rig.test.ts',
  firestore: './backends/firestore/firestore.rig.test.ts',
  cosmos: './backends/cosmos/cosmos.rig.test.ts',
}

for (const rig of rigs) {
  recordTableContract(rig)
  recordTableConcurrencyContract(rig)
  recordTableModelContract(rig)
  recordTableRangeContract(rig)
  recordTableIsolationContract(rig)
  recordScanContract(rig)
  eventStreamContract(rig)
  storeContracts(rig)
}

describe('backends', () => {
  const environment = { postgresConnections: { main: { url: 'postgres://127.0.0.1:1/none' } } }

  it('each have a rig, so that none escapes the contract', () => {
    const types = createBackends(environment).map((backend) => backend.type)
    const elsewhere = Object.keys(rigTests)
    expect([...rigs.map((rig) => rig.type), ...elsewhere].sort()).toEqual([...types].sort())
    for (const [type, file] of Object.entries(rigTests)) {
      expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toContain('recordTableContract(')
      const stores = new URL(`./contract/stores/stores-${type}.rig.test.ts`, import.meta.url)
      expect(readFileSync(stores, 'utf8')).toContain('storeContracts(')
      expect(existsSync(new URL(`./layouts/${type}-keys.rig.test.ts`, import.meta.url))).toBe(true)
    }
  })

  it('that this build does not have are named when asked for', () => {
    const pool = createBackendPool(createBackends(environment))
    expect(() => pool.open('memory', {})).toThrow('memory is not available in this build')
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
