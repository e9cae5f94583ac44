import { expect, it } from 'vitest'
import { recordMigrations } from '@heirloom/persistence'
import {
  createTorture,
  dynamoDbRig,
  firestoreRig,
  runDynamoDb,
  runFirestore,
} from '@heirloom/persistence/rigs'
import { describeWith, testDatabase } from '@heirloom/testkit'
import { readOptions } from './options.js'
import { printLedger } from './print-ledger.js'
import { tortureMigrations } from './scenario.js'

const rig = dynamoDbRig.available ? firestoreRig : dynamoDbRig

describeWith(
  rig,
  'a migration from Postgres to DynamoDB to Firestore, killed in each phase',
  () => {
    it('ends with every acknowledged write once', { timeout: 600_000 }, async () => {
      const database = await testDatabase([recordMigrations])
      const [dynamoDb, firestore] = await Promise.all([
        runDynamoDb(Date.now),
        runFirestore(Date.now),
      ])
      try {
        const homes = { postgresUrl: database.appUrl, dynamoDb, firestore }
        const options = readOptions(['--records', '2000', '--kills', '1'])
        const ledger = await tortureMigrations(createTorture, homes, options, () => undefined)
        expect(ledger.isClean, printLedger(ledger)).toBe(true)
        expect(ledger.rightOnce).toBeGreaterThan(2_000)
        expect(ledger.leftBehind).toEqual({ postgres: 0, dynamoDb: 0 })
      } finally {
        await Promise.all([dynamoDb.stop(), firestore.stop(), database.drop()])
      }
    })
  },
)
