export { createSubgraphServer, type SubgraphServer, type SubgraphServerOptions } from './server.js'
export type { Mutation, MutationObserver } from './observe-mutations.js'
export { createPeer, type Peer } from './peer.js'
export {
  connection,
  decodeCursor,
  encodeCursor,
  pageSize,
  type Connection,
  type PageArgs,
} from './connection.js'
export { listLoader, loader } from './loader.js'
export { scalars } from './scalars.js'
export { loadSdl } from './sdl.js'
export { runService, type Service } from './service.js'
export { requestContext, type RequestContext } from './request-context.js'
export { required, optional, integer } from './env.js'
export { serviceMain, type ServiceDefinition, type ServiceInvocation } from './service-main.js'
export type { Env } from './env.js'
export { announceStart } from './start-cursor.js'
export type { BatchSource, ResultText, ResultTexts } from './text-results.js'
export {
  given,
  readConsumerConfig,
  readRelayConfig,
  readRoles,
  readServerConfig,
  readWorkerConfig,
  type CloudConfig,
  type ConsumerConfig,
  type RelayConfig,
  type Roles,
  type ServerConfig,
  type WorkerConfig,
} from './service-config.js'
