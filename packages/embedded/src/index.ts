export {
  freePort,
  startPostgres,
  type EmbeddedPostgres,
  type StartPostgresOptions,
} from './postgres.js'
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
