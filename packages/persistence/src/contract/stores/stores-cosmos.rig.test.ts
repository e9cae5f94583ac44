import { describeWith } from '@heirloom/testkit'
import { cosmosBackendRig } from '../../backends/cosmos/testing/cosmos-rig.js'
import { cosmosRig } from '../../backends/cosmos/testing/cosmos-server.js'
import { storeContracts } from './index.js'

describeWith(cosmosRig, 'the stores on Cosmos', () => {
  storeContracts(cosmosBackendRig)
})
