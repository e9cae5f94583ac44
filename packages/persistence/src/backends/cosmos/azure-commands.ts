import type { ContainerDefinition, IndexingPolicy } from '@azure/cosmos'
import { shellCommand, type Words } from '../provisioning.js'
import { partitionKeyPath } from './containers.js'
import type { Where } from './errors.js'

/** What somebody runs, signed in to Azure, where the account's key has not the right. */
export interface AzureCommands {
  createDatabase(): string
  createContainer(definition: ContainerDefinition, maxThroughput: number): string
  autoscale(container: string): string
  expire(container: string): string
  index(container: string, policy: IndexingPolicy): string
  continuousBackup(): string
}

export function azureCommands({ account: endpoint, database }: Where): AzureCommands {
  const account = new URL(endpoint).hostname.replace(/\.documents\.azure\..*$/, '')
  // Known to nobody who has an endpoint and a key, but found by the name, which is unique.
  const group = `--resource-group "$(az cosmosdb list --query "[?name=='${account}'].resourceGroup" --output tsv)"`

  function az(words: Words, options: Words): string {
    return `${shellCommand('az', 'cosmosdb', ...words, ...options)} ${group}`
  }

  function ofContainer(container: string): readonly string[] {
    return ['--account-name', account, '--database-name', database, '--name', container]
  }

  const update = ['sql', 'container', 'update']
  return {
    createDatabase: () =>
      az(['sql', 'database', 'create'], ['--account-name', account, '--name', database]),
    createContainer: ({ id = '', indexingPolicy }, maxThroughput) =>
      az(
        ['sql', 'container', 'create'],
        [
          ...ofContainer(id),
          ['--partition-key-path', partitionKeyPath, '--partition-key-version', '2'],
          ['--ttl=-1', '--max-throughput', String(maxThroughput)],
          ['--idx', JSON.stringify(indexingPolicy)],
        ],
      ),
    autoscale: (container) =>
      az(
        ['sql', 'container', 'throughput', 'migrate'],
        [...ofContainer(container), '--throughput-type', 'autoscale'],
      ),
    expire: (container) => az(update, [...ofContainer(container), '--ttl=-1']),
    index: (container, policy) =>
      az(update, [...ofContainer(container), '--idx', JSON.stringify(policy)]),
    continuousBackup: () =>
      az(['update'], ['--name', account, '--backup-policy-type', 'Continuous']),
  }
}
