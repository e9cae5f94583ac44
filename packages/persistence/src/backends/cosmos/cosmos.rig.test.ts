import { describeWith } from '@heirloom/testkit'
import {
  eventStreamContract,
  recordScanContract,
  recordTableConcurrencyContract,
  recordTableContract,
  recordTableIsolationContract,
  recordTableModelContract,
  recordTableRangeContract,
} from '../../contract/index.js'
import { cosmosBackendRig } from './testing/cosmos-rig.js'
import { cosmosRig } from './testing/cosmos-server.js'

describeWith(cosmosRig, 'Cosmos', () => {
  recordTableContract(cosmosBackendRig)
  recordTableConcurrencyContract(cosmosBackendRig)
  recordTableModelContract(cosmosBackendRig)
  recordTableRangeContract(cosmosBackendRig)
  recordTableIsolationContract(cosmosBackendRig)
  recordScanContract(cosmosBackendRig)
  eventStreamContract(cosmosBackendRig)
})
