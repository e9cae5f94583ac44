import type { BackendRig } from '../backend-rig.js'
import { onBench } from './store-bench.js'
import { storeIsolationContract } from './store-isolation-contract.js'

/** What every store promises, whichever backend its records are on. */
export function storeContracts(rig: BackendRig): void {
  onBench(rig, [storeIsolationContract])
}
