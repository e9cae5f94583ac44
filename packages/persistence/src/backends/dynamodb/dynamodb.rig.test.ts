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
import { dynamoDbBackendRig } from './testing/dynamodb-rig.js'
import { dynamoDbRig } from './testing/dynamodb-server.js'

describeWith(dynamoDbRig, 'DynamoDB', () => {
  recordTableContract(dynamoDbBackendRig)
  recordTableConcurrencyContract(dynamoDbBackendRig)
  recordTableModelContract(dynamoDbBackendRig)
  recordTableRangeContract(dynamoDbBackendRig)
  recordTableIsolationContract(dynamoDbBackendRig)
  recordScanContract(dynamoDbBackendRig)
  eventStreamContract(dynamoDbBackendRig)
})
