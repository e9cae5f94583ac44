import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import {
  nativeCollections,
  nativeKey,
  nativePartitionKey,
  type KeyLayout,
} from '../../ports/key-layout.js'
import { containerId, itemId } from './items.js'

/** A container; one that a layout names comes into being with its first record. */
export interface ContainerName {
  readonly id: string
  readonly onDemand: boolean
}

export interface Place {
  readonly container: ContainerName
  readonly pk: string
  readonly id: string
}

export interface Places {
  /** No other tenant, and no other partition, can have an item in the same place. */
  readonly exclusive: boolean
  placeOf(pk: string, sk: string): Place
  /** Where the records of a partition are: the container, and the value of its partition key. */
  partitionOf(pk: string): Omit<Place, 'id'>
}

export function createPlaces(
  routed: string,
  tenant: TenantId,
  layout: KeyLayout | undefined,
): Places {
  const plain = (layout?.tenantAt ?? 0) === 0 && (layout?.shapes ?? []).length === 0

  return {
    exclusive: plain,
    placeOf: (pk, sk) => {
      const { collection, partition, id } = nativeKey(tenant, pk, sk, layout)
      return { container: containerOf(routed, collection), pk: partition, id: itemId(id) }
    },
    partitionOf: (pk) => {
      const [only, ...others] = nativeCollections(tenant, pk, layout)
      if (others.length > 0) throw split()
      const container = containerOf(routed, only?.collection ?? null)
      return { container, pk: nativePartitionKey(tenant, pk, layout) }
    },
  }
}

function containerOf(routed: string, names: readonly string[] | null): ContainerName {
  if (names === null) return { id: routed, onDemand: false }
  const [name, ...others] = names
  if (name === undefined || others.length > 0) throw split()
  return { id: containerId(name), onDemand: true }
}

/** Cosmos writes together only what has one container and one partition key. */
export function split(): AppError {
  return new AppError('INTERNAL', 'a key layout for Cosmos must keep a partition together')
}
