import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { testDatabase } from '@heirloom/testkit'
import { rigConfig, type StorageRig } from '../../../contract/documents/storage-rig.js'
import { createStorageFromConfig } from '../../../documents/storage.js'
import type { StoreStrategy } from '../../../documents/strategy.js'
import { documentMigrations } from '../../postgres-documents/schema.js'
import { startMongod, type Mongod } from './mongod.js'

/** Documents and users on MongoDB (revocations on Postgres); a database of its own per suite. */
export function createMongoStorageRig(
  mongod: () => Promise<Mongod>,
  name = 'mongo',
  mongo: StoreStrategy = { strategy: 'single', primary: 'mongo' },
): StorageRig {
  return {
    name,
    start: async () => {
      const { uri } = await mongod()
      const postgres = await testDatabase([documentMigrations])
      const db = `test_${randomBytes(6).toString('hex')}`
      return {
        open: ({ now, documents } = {}) => {
          const config = rigConfig(
            {
              mongo: { type: 'mongo', uri, db },
              postgres: { type: 'postgres', url: postgres.appUrl, ownerUrl: postgres.ownerUrl },
            },
            {
              document: mongo,
              user: mongo,
              revocation: { strategy: 'single', primary: 'postgres' },
            },
            documents,
          )
          return createStorageFromConfig(config, now === undefined ? {} : { now })
        },
        stop: async () => {
          const client = new MongoClient(uri)
          await client.db(db).dropDatabase()
          await client.close()
          await postgres.drop()
        },
      }
    },
  }
}

/** One server for all suites of a file: started by the first, stopped by the file. */
export function sharedMongod(): { get: () => Promise<Mongod>; stop: () => Promise<void> } {
  let started: Promise<Mongod> | undefined
  return {
    get: () => (started ??= startMongod()),
    stop: async () => (await started)?.stop(),
  }
}
