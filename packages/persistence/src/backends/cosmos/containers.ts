import type { ContainerDefinition } from '@azure/cosmos'

export const partitionKeyPath = '/pk'

/**
 * Partition keys of up to 2 KB (version 2); items that say so themselves expire; everything is
 * indexed but the value, whose copied fields are outside of it.
 */
export function containerDefinition(id: string): ContainerDefinition {
  return {
    id,
    partitionKey: { paths: [partitionKeyPath], version: 2 },
    defaultTtl: -1,
    indexingPolicy: {
      indexingMode: 'consistent',
      automatic: true,
      includedPaths: [{ path: '/*' }],
      excludedPaths: [{ path: '/value/*' }, { path: '/"_etag"/?' }],
    },
  }
}
