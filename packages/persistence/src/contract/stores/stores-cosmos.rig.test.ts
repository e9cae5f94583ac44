import { describeWith } from '@heirloom/testkit'
import {
  cosmosBackendRig,
  cosmosServiceBackendRig,
} from '../../backends/cosmos/testing/cosmos-rig.js'
import { cosmosRig, cosmosServiceRig } from '../../backends/cosmos/testing/cosmos-server.js'
import { storeContracts } from './index.js'

describeWith(cosmosRig, 'the stores on Cosmos', () => {
  storeContracts(cosmosBackendRig)
})

describeWith(cosmosServiceRig, 'the stores on Cosmos itself', () => {
  storeContracts(cosmosServiceBackendRig)
})
