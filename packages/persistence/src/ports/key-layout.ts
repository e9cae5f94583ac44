import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { joinKey } from '../keys.js'

/**
 * How a store's records appear on a backend whose table has no tenant column. A store declares one
 * per backend, as data; a backend that keeps the tenant beside the key ignores it.
 */
export interface KeyLayout {
  /**
   * Before which part of the partition key the tenant stands. 0, in front of all, unless declared;
   * 1 makes `chat#{project}#{thread}` into `chat#{tenant}#{project}#{thread}`.
   */
  readonly tenantAt?: number
  /**
   * Fields of the value that are kept as attributes of their own too, for the vendor's indexes.
   * They are copies: reads return the value alone.
   */
  readonly attributes?: readonly string[]
}

const separator = '#'

/**
 * The partition key with the tenant as one of its parts. A tenant is one part, because `#` in it is
 * escaped, and for one layout it is always the same part: so two tenants never share a key. Where
 * several layouts share a table, a tenant named like another layout's first part could meet a key
 * of that layout; such a backend keeps the tenant in the record too, and looks at it.
 * @throws AppError INVALID_INPUT for a key with fewer parts than the layout says
 */
export function nativePartitionKey(tenant: TenantId, pk: string, layout: KeyLayout = {}): string {
  const parts = pk.split(separator)
  const at = layout.tenantAt ?? 0
  if (at > parts.length) {
    throw new AppError('INVALID_INPUT', 'the partition key has fewer parts than its layout')
  }
  return [...parts.slice(0, at), joinKey(tenant), ...parts.slice(at)].join(separator)
}
