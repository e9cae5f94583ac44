import type { TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import { keyLayoutOf } from '../layouts/by-kind.js'
import type { ScanPage, ScanRange } from '../ports/record-scan.js'
import type { RecordTable } from '../ports/record-table.js'
import type { BackendTarget } from '../routing/placement.js'
import type { Route } from '../routing/route.js'
import type { CopyTables } from '../strategies/copy-record.js'
import type { Intents } from '../strategies/intents.js'
import type { Placements } from '../strategies/placed-table.js'
import { withoutTombstones } from '../strategies/tombstones.js'

/** One of the two backends between which a route's records are copied. */
export interface Side {
  readonly target: BackendTarget
  /** Tombstones included. */
  table(tenant: TenantId): RecordTable
  scan(range: ScanRange): Promise<ScanPage>
  ping(): Promise<void>
}

export interface Sides {
  /** The truth. */
  readonly primary: Side
  readonly shadow: Side
  readonly intents: Intents
  /**
   * Resolves while these are the sides of the route. What was read before it resolved was read before
   * anyone could write to the shadow as the primary. @throws Superseded
   */
  readonly stands: () => Promise<void>
  tables(tenant: TenantId): CopyTables
}

export interface SidesContext {
  readonly backends: BackendPool
  readonly placements: Placements
  readonly now: () => number
}

export function sideOf(
  { backends, placements }: SidesContext,
  resourceKind: string,
  target: BackendTarget,
): Side {
  const layout = keyLayoutOf(resourceKind, target.backendType)
  const opened = (): ReturnType<BackendPool['open']> =>
    backends.open(target.backendType, target.config)
  return {
    target,
    table: (tenant) => placements.table(target, resourceKind, tenant),
    scan: (range) => opened().records.scan(range, layout),
    ping: () => opened().ping(),
  }
}

/** The sides of a route as it is placed now: its own backend, and `shadow`. */
export function sidesOf(
  context: SidesContext,
  route: Route,
  shadowTarget: BackendTarget,
  migrationId: string,
  stands: () => Promise<void>,
): Sides {
  const primary = sideOf(context, route.resourceKind, route)
  const shadow = sideOf(context, route.resourceKind, shadowTarget)
  return {
    primary,
    shadow,
    intents: context.placements.intents(route, route, migrationId),
    tables: (tenant) => ({
      primary: withoutTombstones(primary.table(tenant)),
      shadow: shadow.table(tenant),
      now: context.now,
      stands,
    }),
    stands,
  }
}

export interface Group<Item> {
  readonly tenant: TenantId
  readonly pk: string
  readonly items: readonly Item[]
}

/** Records by the partition that they lie in. */
export function byPartition<Item extends { readonly tenant: TenantId; readonly pk: string }>(
  items: readonly Item[],
): readonly Group<Item>[] {
  const groups = new Map<string, { tenant: TenantId; pk: string; items: Item[] }>()
  for (const item of items) {
    const key = `${item.tenant} ${item.pk}`
    const group = groups.get(key) ?? { tenant: item.tenant, pk: item.pk, items: [] }
    groups.set(key, group)
    // A scan may show a record twice; the same record twice in one transact is an error.
    group.items.push(item)
  }
  return [...groups.values()]
}
