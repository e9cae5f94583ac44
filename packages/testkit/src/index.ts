export { readAuditLog, type ToldDeed } from './audit-log.js'
export { testBus } from './bus.js'
export { fixedClock, type FixedClock } from './clock.js'
export { testDatabase, type TestDatabase } from './database.js'
export { describeWith, type Rig } from './describe-with.js'
export {
  graphqlClient,
  type GraphQLAnswer,
  type GraphQLAnswerError,
  type GraphQLClient,
} from './graphql-client.js'
export { testKeys, type TestKeys } from './keys.js'
export { testLogger } from './logger.js'
export { eventually, newDataDir, startSystem, type System } from './system.js'
export { testTenant } from './tenant.js'
export { createIds } from '@heirloom/tenancy'
export { startStoriesStandIn, type StoriesStandIn } from './stories-stand-in.js'
