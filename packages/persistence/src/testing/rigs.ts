/**
 * Real servers beyond Postgres, for benchmarks and for tests outside this package. Which of them
 * there are is read from the environment when this is loaded (scripts/test-rigs.mjs).
 */
export { runDynamoDb, type RunningDynamoDb } from '../backends/dynamodb/testing/dynamodb-rig.js'
export { dynamoDbRig } from '../backends/dynamodb/testing/dynamodb-server.js'
export { runFirestore, type RunningFirestore } from '../backends/firestore/testing/firestore-rig.js'
export { startFaultyProxy, type FaultyProxy } from '../backends/postgres/testing/faulty-proxy.js'
export { mongoRig, startMongod, type Mongod } from '../backends/mongo/testing/mongod.js'
export {
  createTorture,
  type Torture,
  type TortureOptions,
  type TortureReport,
} from '../migration/testing/torture.js'
export { firestoreRig } from '../backends/firestore/testing/firestore-server.js'
