import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { joinKey } from '../keys.js'
import { keyPattern, type KeyPattern, type KeyValues } from './key-pattern.js'

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
  /**
   * Records whose native keys are more than the tenant put into the neutral ones. The first shape
   * that a key fits is taken; a key that fits none is written as `tenantAt` says.
   */
  readonly shapes?: readonly KeyShape[]
}

/** The keys of one kind of record, as patterns (key-pattern.ts); `{tenant_id}` is the tenant. */
export interface KeyShape {
  /** Neutral, as the store gives them: `chat#{mode}#{project_id}#{thread_id}`, `{key...}`. */
  readonly pk: string
  readonly sk: string
  /** Native partition key; may name the parts of `pk`. */
  readonly partition: string
  /** Native sort key, item id or document id; may name the parts of both keys. */
  readonly id: string
  /**
   * Where the record lies when not in the table, container or collection of the route: names
   * between `/`, in turns a collection and a document for Firestore.
   */
  readonly collection?: string
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
  const shaped = shapedPartition(tenant, pk, layout)
  if (shaped !== null) return shaped
  const parts = pk.split(separator)
  const at = layout.tenantAt ?? 0
  if (at > parts.length) {
    throw new AppError('INVALID_INPUT', 'the partition key has fewer parts than its layout')
  }
  return [...parts.slice(0, at), joinKey(tenant), ...parts.slice(at)].join(separator)
}

/** Where a record lies natively; `collection` is null where the route alone says it. */
export interface NativeKey {
  readonly collection: readonly string[] | null
  readonly partition: string
  readonly id: string
}

/**
 * Parts are escaped as in the neutral key and no further: what else a vendor forbids in a name, its
 * backend escapes, in each name of `collection` by itself.
 */
export function nativeKey(
  tenant: TenantId,
  pk: string,
  sk: string,
  layout: KeyLayout = {},
): NativeKey {
  for (const shape of compiled(layout)) {
    const values = shape.pk.match(pk)
    const more = values === null ? null : shape.sk.match(sk)
    if (values === null || more === null) continue
    const all = new Map([...values, ...more, [tenantName, joinKey(tenant)]])
    return {
      collection: shape.collection?.map((name) => name.render(all)) ?? null,
      partition: shape.partition.render(all),
      id: shape.id.render(all),
    }
  }
  return { collection: null, partition: nativePartitionKey(tenant, pk, layout), id: sk }
}

/** A collection in which records of a partition lie, and what all their neutral sort keys share. */
export interface NativeCollection {
  readonly collection: readonly string[] | null
  readonly prefix: string
}

/**
 * Every collection that a query of the partition has to look into. One that is named by parts of
 * the sort key cannot be told from the partition alone: there is none in our layouts.
 */
export function nativeCollections(
  tenant: TenantId,
  pk: string,
  layout: KeyLayout = {},
): readonly NativeCollection[] {
  const found = new Map<string, NativeCollection>()
  for (const shape of compiled(layout)) {
    const values = shape.pk.match(pk)
    if (values === null) continue
    const all = new Map([...values, [tenantName, joinKey(tenant)]])
    const collection = shape.collection?.map((name) => name.render(all)) ?? null
    const id = JSON.stringify(collection)
    const prefix = commonPrefix(found.get(id)?.prefix, shape.sk.literalPrefix)
    found.set(id, { collection, prefix })
  }
  return found.size === 0 ? [{ collection: null, prefix: '' }] : [...found.values()]
}

const tenantName = 'tenant_id'

interface CompiledShape {
  readonly pk: KeyPattern
  readonly sk: KeyPattern
  readonly partition: KeyPattern
  readonly id: KeyPattern
  readonly collection: readonly KeyPattern[] | null
}

// Layouts are a few constants, and patterns are read anew for every request otherwise.
const compiledShapes = new WeakMap<KeyLayout, readonly CompiledShape[]>()

function compiled(layout: KeyLayout): readonly CompiledShape[] {
  const known = compiledShapes.get(layout)
  if (known !== undefined) return known
  const shapes = (layout.shapes ?? []).map((shape) => ({
    pk: keyPattern(shape.pk),
    sk: keyPattern(shape.sk),
    partition: keyPattern(shape.partition),
    id: keyPattern(shape.id),
    collection: shape.collection?.split('/').map(keyPattern) ?? null,
  }))
  compiledShapes.set(layout, shapes)
  return shapes
}

function shapedPartition(tenant: TenantId, pk: string, layout: KeyLayout): string | null {
  for (const shape of compiled(layout)) {
    const values = shape.pk.match(pk)
    if (values === null) continue
    const all: KeyValues = new Map([...values, [tenantName, joinKey(tenant)]])
    return shape.partition.render(all)
  }
  return null
}

function commonPrefix(one: string | undefined, other: string): string {
  if (one === undefined) return other
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return one.slice(0, length)
}
