export { startPostgres, type EmbeddedPostgres, type StartPostgresOptions } from './postgres.js'
export {
  connectCluster,
  type Cluster,
  type ClusterAddress,
  type DatabaseUrls,
} from './postgres/cluster.js'
export {
  busConsumers,
  busRegion,
  startBus,
  type BusConsumer,
  type EmbeddedBus,
  type StartBusOptions,
} from './bus.js'
export {
  demoPassword,
  demoTenants,
  systemTenantId,
  type DemoTenant,
  type DemoUser,
} from './demo-tenants.js'
export { freePort } from './listen.js'
export {
  startOidcProvider,
  type ClientCredentials,
  type EmbeddedOidcProvider,
  type StartOidcOptions,
} from './oidc.js'
