import { randomBytes } from 'node:crypto'
import { MongoClient, type Db } from 'mongodb'
import { testDatabase } from '@heirloom/testkit'
import type { StorageConfig } from '../../../documents/config.js'
import { documentMigrations } from '../../postgres-documents/schema.js'
import type { Mongod } from './mongod.js'

/** One storage on MongoDB, and the vendor's own client beside it. */
export interface MongoWorkbench {
  readonly db: Db
  readonly config: StorageConfig
  stop(): Promise<void>
}

export async function startWorkbench(
  mongod: Mongod,
  documents: StorageConfig['documents'] = {},
): Promise<MongoWorkbench> {
  const postgres = await testDatabase([documentMigrations])
  const client = new MongoClient(mongod.uri)
  const name = `test_${randomBytes(6).toString('hex')}`
  const db = client.db(name)
  const mongo = { strategy: 'single', primary: 'mongo' } as const
  return {
    db,
    config: {
      backends: {
        mongo: { type: 'mongo', uri: mongod.uri, db: name },
        postgres: { type: 'postgres', url: postgres.appUrl, ownerUrl: postgres.ownerUrl },
      },
      databases: {
        default: {
          document: mongo,
          user: mongo,
          revocation: { strategy: 'single', primary: 'postgres' },
        },
        archive: {},
      },
      documents,
    },
    stop: async () => {
      await db.dropDatabase()
      await client.close()
      await postgres.drop()
    },
  }
}
