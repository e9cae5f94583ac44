import {
  documentModelContract,
  documentQueryContract,
  documentStoreContract,
  documentWatchContract,
  tokenRevocationContract,
  userStoreContract,
} from '../../contract/documents/index.js'
import { postgresStorageRig } from './testing/postgres-storage-rig.js'

documentStoreContract(postgresStorageRig)
documentQueryContract(postgresStorageRig)
documentWatchContract(postgresStorageRig)
documentModelContract(postgresStorageRig)
userStoreContract(postgresStorageRig)
tokenRevocationContract(postgresStorageRig)
