import { describeWith } from '@heirloom/testkit'
import { dynamoDbBackendRig } from '../../backends/dynamodb/testing/dynamodb-rig.js'
import { dynamoDbRig } from '../../backends/dynamodb/testing/dynamodb-server.js'
import { storeContracts } from './index.js'

describeWith(dynamoDbRig, 'the stores on DynamoDB', () => {
  storeContracts(dynamoDbBackendRig)
})
