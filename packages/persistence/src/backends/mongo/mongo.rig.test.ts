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
})
