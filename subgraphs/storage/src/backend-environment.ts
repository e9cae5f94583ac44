import type { BackendEnvironment } from '@heirloom/persistence'
import type { BackendConfig } from './backend-config.js'
import { createSecrets } from './data/secrets.js'

/** What the backends of this process are given. */
export function backendEnvironment(config: BackendConfig): BackendEnvironment {
  const { dynamoDbEndpoints, firestoreEndpoints, cosmosEndpoints, filesystemFolder } = config
  return {
    postgresConnections: Object.fromEntries(
      Object.entries(config.postgresUrls).map(([name, url]) => [name, { url }]),
    ),
    dynamoDbEndpoints,
    firestoreEndpoints,
    cosmosEndpoints,
    ...(filesystemFolder === undefined ? {} : { filesystemFolder }),
    secrets: createSecrets(config),
  }
}
