/**
 * The table of one tenant wherever its route says, for as long as it is used: each call looks the
 * route up again, so it may be kept.
 *
 * Invariants, for which migrations wait (routing/lease.ts):
 *   1. No read begins, and no write is acknowledged, on a placement that this process has not known
 *      to hold within its lease. When the lease has run out, the registry is asked first; after a
 *      write that took longer than the lease, it is asked whether the placement stood until then.
 *   2. While writes are held, a write waits, for `holdWaitMs` at most, and then takes the new
 *      placement. A write that was answered was never in between.
 * When the registry is away, routes that are not being moved are read on; they are written on until
 * their lease runs out. To write longer would be to guess that nobody moved the data meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import type {
  RecordTable,
  RecordVersion,
  RecordTableCapabilities,
  Write,
} from '../ports/record-table.js'
import { ageMs } from '../routing/lease.js'
import type { RouteView, RoutingRegistry } from '../routing/registry.js'
import type { RouteRequest } from '../routing/route.js'
import { reservedPartitions } from './intents.js'
import type { PlacedTable, Placements } from './placed-table.js'
import { tombstoneField } from './tombstones.js'

export type RouteSource = Pick<RoutingRegistry, 'view' | 'confirm' | 'onChange' | 'leases'>

export interface RoutedTableTiming {
  /** How long a write waits at a cut-over. */
  readonly holdWaitMs: number
}
export const defaultRoutedTableTiming: RoutedTableTiming = { holdWaitMs: 15_000 }

const maxHoldPauseMs = 250
const maxViews = 20

export function createRoutedTable(
  routes: RouteSource,
  placements: Placements,
  request: RouteRequest,
  timing: RoutedTableTiming = defaultRoutedTableTiming,
): RecordTable {
  let placed: { readonly route: RouteView['route']; readonly table: PlacedTable } | undefined

  function tableOf({ route }: RouteView): PlacedTable {
    // The same route is the same object until the copy of the registry is replaced.
    if (placed?.route !== route) {
      placed = { route, table: placements.place(route, request.tenantId) }
    }
    return placed.table
  }

  function leaseOf({ route }: RouteView): number {
    const { movingMs, settledMs } = routes.leases
    return route.placement.migrationId === null ? settledMs : movingMs
  }

  function isFresh(view: RouteView): boolean {
    return ageMs(view.confirmedAt) < leaseOf(view)
  }

  async function freshView(forWriting: boolean): Promise<RouteView> {
    for (let attempt = 0; attempt < maxViews; attempt += 1) {
      const view = routes.view(request)
      if (isFresh(view)) return view
      try {
        await routes.confirm()
      } catch (error) {
        if (!forWriting && view.route.placement.migrationId === null) return view
        throw error
      }
    }
    throw new AppError('TIMEOUT', 'the routes cannot be kept up with; try again')
  }

  /** Whether the placement of `view` stood until now, or long enough for a lease to cover it. */
  async function stood(view: RouteView): Promise<boolean> {
    if (isFresh(view) || isFresh(again(view))) return true
    await routes.confirm()
    return again(view).confirmedAt !== view.confirmedAt
  }

  /** The view as it is known now, if it is of the same placement. */
  function again(view: RouteView): RouteView {
    const now = routes.view(request)
    const same =
      now.route.id === view.route.id && now.route.placement.epoch === view.route.placement.epoch
    return same ? now : view
  }

  async function read<T>(work: (table: PlacedTable) => Promise<T>): Promise<T> {
    const view = routes.view(request)
    return work(tableOf(isFresh(view) ? view : await freshView(false)))
  }

  async function write<T>(
    work: (table: PlacedTable, isGranted: () => boolean) => Promise<T>,
  ): Promise<T> {
    const known = routes.view(request)
    const isOpen = isFresh(known) && known.route.placement.writes === 'open'
    const view = isOpen ? known : await openView()
    const result = await work(tableOf(view), () => isFresh(again(view)))
    const certain = isFresh(view) || (await stood(view).catch(() => false))
    if (certain) return result
    throw new AppError(
      'BACKEND_UNAVAILABLE',
      'this data was moved while it was written: read it, and try again',
    )
  }

  async function openView(): Promise<RouteView> {
    const endAt = performance.now() + timing.holdWaitMs
    for (;;) {
      const view = await freshView(true)
      if (view.route.placement.writes === 'open') return view
      const left = endAt - performance.now()
      if (left <= 0) {
        throw new AppError(
          'BACKEND_UNAVAILABLE',
          'this data is just being moved to another backend; try again',
          { details: { retry_after_ms: maxHoldPauseMs } },
        )
      }
      await changed(Math.min(left, maxHoldPauseMs))
    }
  }

  /** Resolves at the next change of a route, or after so long. */
  async function changed(limitMs: number): Promise<void> {
    const done = new AbortController()
    const unsubscribe = routes.onChange(() => done.abort())
    await delay(limitMs, undefined, { signal: done.signal }).catch(() => undefined)
    unsubscribe()
  }

  async function transact(
    pk: string,
    writes: readonly Write[],
  ): Promise<readonly (RecordVersion | null)[]> {
    checkReserved(pk, writes)
    return write((table, isGranted) => table.transact(pk, writes, isGranted))
  }

  return {
    get capabilities(): RecordTableCapabilities {
      return tableOf(routes.view(request)).capabilities
    },
    get: (pk, sk) => read((table) => table.get(checkPartition(pk), sk)),
    getMany: (pk, sks) => read((table) => table.getMany(checkPartition(pk), sks)),
    query: (pk, range) => read((table) => table.query(checkPartition(pk), range)),
    put: async (pk, sk, value, options = {}) => {
      const [version] = await transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await transact(pk, [{ op: 'delete', sk, ...options }])
    },
    transact,
    onChange: (pk, wake) => {
      let home = routes.view(request).route
      let unsubscribe = tableOf(routes.view(request)).onChange(pk, wake)
      const unfollow = routes.onChange(() => {
        const { route } = viewOr(home)
        if (isSameHome(route, home)) return
        home = route
        unsubscribe()
        unsubscribe = tableOf({ route, confirmedAt: { steadyMs: 0, wallMs: 0 } }).onChange(pk, wake)
        wake()
      })
      return () => {
        unfollow()
        unsubscribe()
      }
    },
  }

  /** A route that is gone changes nothing for who waits: the next read says so. */
  function viewOr(route: RouteView['route']): Pick<RouteView, 'route'> {
    try {
      return routes.view(request)
    } catch {
      return { route }
    }
  }
}

function isSameHome(one: RouteView['route'], other: RouteView['route']): boolean {
  return one.id === other.id && one.placement.home === other.placement.home
}

function checkPartition(pk: string): string {
  if (!pk.startsWith(reservedPartitions)) return pk
  throw new AppError('INVALID_INPUT', 'partitions with this name are kept for migrations')
}

function checkReserved(pk: string, writes: readonly Write[]): void {
  checkPartition(pk)
  for (const write of writes) {
    if (write.op === 'put' && Object.hasOwn(write.value, tombstoneField)) {
      throw new AppError('INVALID_INPUT', `a value has no field "${tombstoneField}"`)
    }
  }
}
