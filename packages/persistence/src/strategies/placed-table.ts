import type { TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import { keyLayoutOf } from '../layouts/by-kind.js'
import { conflict } from '../ports/conflict.js'
import type {
  RecordPage,
  RecordRange,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
  Write,
} from '../ports/record-table.js'
import type { BackendTarget } from '../routing/placement.js'
import type { Route } from '../routing/route.js'
import { createBreaker, type Breaker } from './breaker.js'
import { commonCapabilities } from './capabilities.js'
import { defaultDualWriteTiming, dualWrite, type DualWriteTiming } from './dual-write.js'
import { homeMark, markRecord, unmarkWrites } from './home-versions.js'
import { createIntents, type Intents } from './intents.js'
import { readReplica, type Replica } from './read-replica.js'
import { withoutTombstones } from './tombstones.js'

/** The data of one tenant as one placement of its route has it. */
export interface PlacedTable {
  readonly capabilities: RecordTableCapabilities
  get(pk: string, sk: string): Promise<TableRecord | null>
  getMany(pk: string, sks: readonly string[]): Promise<readonly (TableRecord | null)[]>
  query(pk: string, range: RecordRange): Promise<RecordPage>
  transact(
    pk: string,
    writes: readonly Write[],
    isGranted: () => boolean,
  ): Promise<readonly (RecordVersion | null)[]>
  onChange(pk: string, wake: () => void): () => void
}

export interface PlacementContext {
  readonly backends: BackendPool
  /** For whom the routing registry is kept: intents of routes for any tenant lie there too. */
  readonly systemTenant: TenantId
  readonly now?: () => number
  readonly steadyNow?: () => number
  readonly timing?: DualWriteTiming
  /** How long a shadow that fails is left alone. */
  readonly shadowRestMs?: number
}

export interface Placements {
  place(route: Route, tenant: TenantId): PlacedTable
  /** A backend's own table, with nothing before it. */
  table(target: BackendTarget, resourceKind: string, tenant: TenantId): RecordTable
  intents(target: BackendTarget, route: Route, migrationId: string): Intents
}

const defaultShadowRestMs = 5_000
/** Of one route: tenants beyond these get their tables made anew. */
const maxSettledTables = 1_000

export function createPlacements(context: PlacementContext): Placements {
  const { backends, now = Date.now, timing = defaultDualWriteTiming } = context
  const steadyNow = context.steadyNow ?? ((): number => performance.now())
  const breakers = new Map<string, Breaker>()

  function table(target: BackendTarget, kind: string, tenant: TenantId): RecordTable {
    const { records } = backends.open(target.backendType, target.config)
    return records.for(tenant, keyLayoutOf(kind, target.backendType))
  }

  function intents(target: BackendTarget, { tenantId }: Route, migrationId: string): Intents {
    const { records } = backends.open(target.backendType, target.config)
    return createIntents(records.for(tenantId ?? context.systemTenant), migrationId)
  }

  function breakerOf(target: BackendTarget): Breaker {
    const key = JSON.stringify([target.backendType, target.config])
    const known = breakers.get(key)
    if (known !== undefined) return known
    const made = createBreaker(context.shadowRestMs ?? defaultShadowRestMs, steadyNow)
    breakers.set(key, made)
    return made
  }

  // A route is another object when it has changed, so that these can never be of an old placement.
  const settled = new WeakMap<Route, Map<TenantId, PlacedTable>>()

  /** Nothing but route and tenant goes into the table of a route with one backend. */
  function settledTable(route: Route, tenant: TenantId): PlacedTable {
    const tables = settled.get(route) ?? new Map<TenantId, PlacedTable>()
    const known = tables.get(tenant)
    if (known !== undefined) return known
    if (tables.size >= maxSettledTables) tables.clear()
    const made = placeAnew(route, tenant)
    tables.set(tenant, made)
    settled.set(route, tables)
    return made
  }

  function place(route: Route, tenant: TenantId): PlacedTable {
    const { strategy, shadow, migrationId } = route.placement
    const isSettled = strategy === 'single' && shadow === null && migrationId === null
    return isSettled ? settledTable(route, tenant) : placeAnew(route, tenant)
  }

  function placeAnew(route: Route, tenant: TenantId): PlacedTable {
    const { placement, resourceKind } = route
    const raw = table(route, resourceKind, tenant)
    const primary = placement.tombstones ? withoutTombstones(raw) : raw
    const { shadow: target, migrationId } = placement
    const alone = markedTable(
      primary,
      primary,
      primary.capabilities,
      placement.home,
      (pk, writes) => primary.transact(pk, writes),
    )
    if (placement.strategy === 'single' || target === null || migrationId === null) return alone

    const shadow = table(target, resourceKind, tenant)
    const breaker = breakerOf(target)
    const parts = {
      tenant,
      primary,
      shadow,
      breaker,
      intents: intents(route, route, migrationId),
      now,
      steadyNow,
      timing,
    }
    const capabilities = commonCapabilities(primary.capabilities, shadow.capabilities)
    const write: PlacedTable['transact'] = (pk, writes, isGranted) =>
      dualWrite({ ...parts, isGranted }, pk, writes)
    if (placement.strategy === 'dual-write' || !placement.shadowReady) {
      return markedTable(primary, primary, capabilities, placement.home, write)
    }
    const readable = withoutTombstones(shadow)
    const replica = (isGranted: () => boolean): Replica =>
      readReplica({
        primary,
        shadow: readable,
        breaker,
        write: (pk, writes) => write(pk, writes, isGranted),
      })
    return markedTable(
      primary,
      replica(() => true),
      capabilities,
      placement.home,
      (pk, writes, isGranted) => replica(isGranted).transact(pk, writes),
    )
  }

  return { place, table, intents }
}

/** Hands out versions that no other home of this data could have handed out. */
function markedTable(
  primary: RecordTable,
  reads: Pick<RecordTable, 'get' | 'getMany' | 'query'>,
  capabilities: RecordTableCapabilities,
  home: number,
  write: PlacedTable['transact'],
): PlacedTable {
  const onChange: PlacedTable['onChange'] = (pk, wake) => primary.onChange(pk, wake)
  if (home === 0) {
    return {
      capabilities,
      get: (pk, sk) => reads.get(pk, sk),
      getMany: (pk, sks) => reads.getMany(pk, sks),
      query: (pk, range) => reads.query(pk, range),
      transact: write,
      onChange,
    }
  }
  const mark = homeMark(home)
  return {
    capabilities,
    get: async (pk, sk) => markRecord(mark, await reads.get(pk, sk)),
    getMany: async (pk, sks) =>
      (await reads.getMany(pk, sks)).map((record) => markRecord(mark, record)),
    query: async (pk, range) => {
      const { records, next } = await reads.query(pk, range)
      return { records: records.map((record) => markRecord(mark, record)), next }
    },
    transact: async (pk, writes, isGranted) => {
      const { writes: own, foreign } = unmarkWrites(mark, writes)
      if (foreign.length > 0) throw conflict(foreign)
      const versions = await write(pk, own, isGranted)
      return versions.map((version) => (version === null ? null : mark.mark(version)))
    },
    onChange,
  }
}
