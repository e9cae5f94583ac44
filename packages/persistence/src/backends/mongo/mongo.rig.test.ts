import { afterAll } from 'vitest'
import { describeWith } from '@heirloom/testkit'
import {
  documentModelContract,
  documentQueryContract,
  documentStoreContract,
  documentWatchContract,
  userStoreContract,
} from '../../contract/documents/index.js'
import { createMongoStorageRig, sharedMongod } from './testing/mongo-storage-rig.js'
import { mongoRig } from './testing/mongod.js'

describeWith(mongoRig, 'MongoDB', () => {
  const mongod = sharedMongod()
  afterAll(mongod.stop)
  const rig = createMongoStorageRig(mongod.get)
  documentStoreContract(rig)
  documentQueryContract(rig)
  documentWatchContract(rig)
  documentModelContract(rig)
  userStoreContract(rig)

  // Written twice, and read from either side: whoever calls must not be able to tell.
  const sides = { primary: 'mongo', shadow: 'postgres' } as const
  for (const reads of ['primary', 'shadow'] as const) {
    const title = `mongo with its shadow on Postgres, reading the ${reads}`
    const dual = createMongoStorageRig(mongod.get, title, {
      strategy: 'dual-write',
      ...sides,
      reads,
    })
    documentStoreContract(dual)
    documentQueryContract(dual)
    documentWatchContract(dual)
    documentModelContract(dual)
    userStoreContract(dual)
  }
})
