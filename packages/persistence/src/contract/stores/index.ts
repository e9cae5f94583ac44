import type { BackendRig } from '../backend-rig.js'
import { budgetContract } from './budget-contract.js'
import { canvasCommandContract } from './canvas-command-contract.js'
import { chatContract } from './chat-contract.js'
import { configContract } from './config-contract.js'
import {
  attributionContract,
  mediaOutputContract,
  seoConfigContract,
} from './descriptions-contract.js'
import { firearmsPolicyContract } from './firearms-policy-contract.js'
import { memoryContract } from './memory-contract.js'
import { metricsContract } from './metrics-contract.js'
import { routedStoreContracts } from './routed-store-contracts.js'
import { onBench } from './store-bench.js'
import { storeIsolationContract } from './store-isolation-contract.js'
import { strategyPolicyContract } from './strategy-policy-contract.js'
import { tabularContract } from './tabular-contract.js'

/** What every store promises, whichever backend its records are on. */
export function storeContracts(rig: BackendRig): void {
  onBench(rig, [
    attributionContract,
    budgetContract,
    canvasCommandContract,
    chatContract,
    configContract,
    firearmsPolicyContract,
    mediaOutputContract,
    memoryContract,
    metricsContract,
    seoConfigContract,
    strategyPolicyContract,
    tabularContract,
    storeIsolationContract,
  ])
  routedStoreContracts(rig)
}
