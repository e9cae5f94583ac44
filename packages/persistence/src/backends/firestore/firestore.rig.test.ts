import { describeWith } from '@heirloom/testkit'
import {
  eventStreamContract,
  recordTableConcurrencyContract,
  recordTableContract,
  recordTableIsolationContract,
  recordTableModelContract,
  recordTableRangeContract,
  recordScanContract,
} from '../../contract/index.js'
import { firestoreBackendRig } from './testing/firestore-rig.js'
import { firestoreRig } from './testing/firestore-server.js'

describeWith(firestoreRig, 'Firestore', () => {
  recordTableContract(firestoreBackendRig)
  recordTableConcurrencyContract(firestoreBackendRig)
  recordTableModelContract(firestoreBackendRig)
  recordTableRangeContract(firestoreBackendRig)
  recordTableIsolationContract(firestoreBackendRig)
  recordScanContract(firestoreBackendRig)
  eventStreamContract(firestoreBackendRig)
})
