export { documentModelContract } from './document-model-contract.js'
export { documentQueryContract } from './document-query-contract.js'
export { documentStoreContract } from './document-store-contract.js'
export { documentWatchContract } from './document-watch-contract.js'
export { tokenRevocationContract } from './token-revocation-contract.js'
export { userStoreContract } from './user-store-contract.js'
export {
  rigConfig,
  vaultTenant,
  type OpenStorageOptions,
  type RunningStorage,
  type StorageRig,
} from './storage-rig.js'
