import { describeWith } from '@heirloom/testkit'
import { firestoreBackendRig } from '../../backends/firestore/testing/firestore-rig.js'
import { firestoreRig } from '../../backends/firestore/testing/firestore-server.js'
import { storeContracts } from './index.js'

describeWith(firestoreRig, 'the stores on Firestore', () => {
  storeContracts(firestoreBackendRig)
})
