/**
 * The routes of a process: a copy of the registry in memory, so that taking a route costs nothing.
 *
 * Phases: `start` opens the registry's own store, seeds it when it was never written to, loads it,
 * and begins to follow it. Following: the copy is compared with the head at every wake-up and at
 * least every `pollIntervalMs`, and loaded anew when the head moved. A change reads the registry
 * itself, not the copy, is judged against that, and is written on condition that the head did not
 * move; so two changes that are fine one by one can never become ambiguous together.
 * Invariants: the copy is only ever replaced as a whole; while the store is away the last copy
 * stays in use, and changes fail. A change of backend is noted in the same transact, and announced
 * after it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { modes, type TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import type { RecordTable } from '../ports/record-table.js'
import type { Page, PageRequest } from '../stores/record-page.js'
import { createAnnouncements } from './announcements.js'
import type { RoutingBootstrap } from './bootstrap.js'
import { removal, saving, type ChangeMaker } from './change.js'
import { defaultLeases, momentNow, type LeaseTimes, type Moment } from './lease.js'
import { checkRoute, refuseLabOnly, type NewRoute } from './new-route.js'
import { settled } from './placement.js'
import {
  createRoutingRegistryStore,
  type BackendSwitch,
  type RouteAudit,
  type RouteSnapshot,
  type RoutingRegistryStore,
} from './registry-store.js'
import { registryKind, routeId, type Route, type RouteRequest, type RouteScope } from './route.js'
import { createRouteIndex, findAmbiguous, type RouteIndex } from './select.js'

export interface RoutingRegistry {
  /** @throws AppError BACKEND_UNAVAILABLE, or what is wrong with the bootstrap file's routes */
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * The most specific route for the request, from the copy.
   * @throws AppError ROUTE_NOT_CONFIGURED; BACKEND_FORBIDDEN; BACKEND_UNAVAILABLE when this build
   *   has no such backend, or before `start`
   */
  resolve(request: RouteRequest): Route
  /**
   * The same, and when this was known to be so: act on it within the lease of the route (lease.ts),
   * and `confirm` before anything later.
   */
  view(request: RouteRequest): RouteView
  /** The same of one route by its id; undefined when the copy has none such. */
  viewOf(id: string): RouteView | undefined
  /** Brings the copy up to date with the registry as it is now. @throws AppError BACKEND_UNAVAILABLE */
  confirm(): Promise<void>
  /** Calls `changed` whenever the copy was replaced, and returns the unsubscriber. */
  onChange(changed: () => void): () => void
  /**
   * Makes a change that is more than saving or deleting a route, on condition that nothing else
   * changes meanwhile; `make` is called again when something did. Does not wait until a change of
   * backend was announced: the stream that it is announced on may be what is just being moved.
   */
  change(make: ChangeMaker): Promise<Route>
  /** The table in which the registry is kept, for what changes together with routes. */
  table(): RecordTable
  readonly leases: LeaseTimes
  /** For whom the registry itself is kept. */
  readonly tenantId: TenantId
  readonly env: string
  /** Every route, the registry's own included, in the order of their ids, from the copy. */
  list(): readonly Route[]
  /**
   * Adds a route, or changes the one of the same scope. Atomic and audited; this process uses it
   * when it resolves, others within their poll interval.
   * @throws AppError INVALID_INPUT, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE, ROUTE_AMBIGUOUS
   */
  save(input: NewRoute, by: string): Promise<Route>
  /** @throws AppError NOT_FOUND */
  delete(id: string, by: string): Promise<void>
  /** The audit trail, newest first. */
  audits(limit: number): Promise<readonly RouteAudit[]>
  /** The same, page by page. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  auditPage(page: PageRequest): Promise<Page<RouteAudit>>
  /** One read of the registry's store. @throws AppError BACKEND_UNAVAILABLE */
  ping(): Promise<void>
}

export interface RouteView {
  readonly route: Route
  readonly confirmedAt: Moment
}

export interface RoutingRegistryOptions {
  readonly bootstrap: RoutingBootstrap
  readonly backends: BackendPool
  /** The environment that this process runs in. */
  readonly env: string
  readonly newId: () => string
  readonly now?: () => number
  readonly pollIntervalMs?: number
  /** The same in every process. */
  readonly leases?: LeaseTimes
  /** Told of each change of backend, at least once; must be idempotent by id. */
  readonly announce: (change: BackendSwitch) => Promise<void>
  /** Told once when following or announcing starts to fail. */
  readonly onError: (error: unknown) => void
}

const defaultPollIntervalMs = 500
const maxAttempts = 20
const bootstrapActor = 'system:bootstrap'

export function createRoutingRegistry(options: RoutingRegistryOptions): RoutingRegistry {
  const { bootstrap, backends, env, newId } = options
  const now = options.now ?? Date.now
  const own: Route = registryRoute(bootstrap, env)
  const stopping = new AbortController()
  let store: RoutingRegistryStore | undefined
  let copy: RouteSnapshot | undefined
  let index: { readonly of: readonly Route[]; readonly routes: RouteIndex } | undefined
  let byId:
    { readonly of: readonly Route[]; readonly routes: ReadonlyMap<string, Route> } | undefined
  let table: RecordTable | undefined
  let confirmedAt: Moment = momentNow()
  let loading: Promise<void> = Promise.resolve()
  let queued: Promise<void> | undefined
  const listeners = new Set<() => void>()
  let following: Promise<void> | undefined
  let announcing: Promise<void> = Promise.resolve()
  let failing = false
  const announcements = createAnnouncements(opened, (one) => options.announce(one), failed)

  function opened(): RoutingRegistryStore {
    if (store === undefined) throw new AppError('BACKEND_UNAVAILABLE', 'routes are not loaded yet')
    return store
  }

  function snapshot(): RouteSnapshot {
    if (copy === undefined) throw new AppError('BACKEND_UNAVAILABLE', 'routes are not loaded yet')
    return copy
  }

  /** Made anew with every copy. */
  function indexed(): RouteIndex {
    const { routes } = snapshot()
    if (index?.of !== routes)
      index = { of: routes, routes: createRouteIndex([own, ...routes], env) }
    return index.routes
  }

  /** By id; made anew with every copy. */
  function named(): ReadonlyMap<string, Route> {
    const { routes } = snapshot()
    if (byId?.of !== routes) {
      byId = { of: routes, routes: new Map([own, ...routes].map((one) => [one.id, one])) }
    }
    return byId.routes
  }

  /**
   * One load after the other, so that an older copy never replaces a newer one. Who asks while one
   * is still to begin shares it: it begins later than they asked, which is all that they need.
   */
  function refresh(): Promise<void> {
    if (queued !== undefined) return queued
    const next = loading.then(() => {
      queued = undefined
      return reload()
    })
    queued = next
    loading = next.catch(() => undefined)
    return next
  }

  async function reload(): Promise<void> {
    const begunAt = momentNow()
    const current = copy !== undefined && copy.version === (await opened().version())
    if (!current) {
      copy = await opened().load()
      announcements.expect()
    }
    confirmedAt = begunAt
    // A copy: who is told may stop listening.
    if (!current) for (const changed of Array.from(listeners)) changed()
  }

  async function changeAndAnnounce(make: ChangeMaker): Promise<Route> {
    const route = await change(make)
    await announcements.run()
    return route
  }

  async function change(make: ChangeMaker): Promise<Route> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const current = await opened().load()
      const { route, change: made } = await make(current.routes)
      if (!(await opened().write(current.version, made))) continue
      await refresh()
      return route
    }
    throw new AppError('CONFLICT', 'routes are being changed by others; try again')
  }

  function resolve(request: RouteRequest): Route {
    const route = indexed().select(request)
    refuseLabOnly(route.backendType, [request.mode])
    backends.find(route.backendType)
    return route
  }

  function failed(error: unknown): void {
    if (!failing) options.onError(error)
    failing = true
  }

  /** Brings the copy up to date and announces; what fails is told once, until all is well again. */
  async function keepUp(): Promise<void> {
    try {
      await refresh()
      // Not waited for: an announcement may itself wait for a route to change.
      announcing = announcements.run().then((isDone) => {
        if (isDone) failing = false
      })
    } catch (error) {
      failed(error)
    }
  }

  async function follow(): Promise<void> {
    let wake: () => void = () => undefined
    let woken = false
    const unsubscribe = opened().onChange(() => {
      woken = true
      wake()
    })
    const { signal } = stopping
    while (!signal.aborted) {
      woken = false
      await keepUp()
      if (woken) continue
      const next = new AbortController()
      wake = () => next.abort()
      await delay(options.pollIntervalMs ?? defaultPollIntervalMs, undefined, {
        signal: AbortSignal.any([signal, next.signal]),
      }).catch(() => undefined)
    }
    unsubscribe()
  }

  /** Conditional on a registry that nobody ever wrote to; of several processes one does it. */
  async function seed(): Promise<void> {
    if ((await opened().version()) !== null) return
    let routes: readonly Route[] = []
    const changes = bootstrap.routes.map((input) => {
      const checked = checkRoute(input, env, backends)
      refuseAmbiguous(routes, checked.scope)
      const made = saving(checked, { by: bootstrapActor, now: now(), newId, backends })(routes)
      routes = [...routes, made.route]
      return made.change
    })
    await opened().write(null, {
      saved: changes.flatMap((made) => made.saved),
      deleted: [],
      audits: changes.flatMap((made) => made.audits),
      switches: [],
      also: [],
    })
  }

  return {
    start: async () => {
      refuseLabOnly(own.backendType, own.modes.length > 0 ? own.modes : modes)
      const { records } = backends.open(own.backendType, own.config)
      table = records.for(bootstrap.registry.tenantId)
      store = createRoutingRegistryStore(table)
      await seed()
      await refresh()
      following = follow()
    },
    stop: async () => {
      stopping.abort()
      await following
      await announcing
    },
    resolve,
    view: (request) => ({ route: resolve(request), confirmedAt }),
    viewOf: (id) => {
      const route = named().get(id)
      return route === undefined ? undefined : { route, confirmedAt }
    },
    confirm: refresh,
    onChange: (changed) => {
      // A function of its own, so that the same one subscribed twice is two subscriptions.
      const listener = (): void => changed()
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    change,
    table: () => {
      if (table !== undefined) return table
      throw new AppError('BACKEND_UNAVAILABLE', 'routes are not loaded yet')
    },
    leases: options.leases ?? defaultLeases,
    tenantId: bootstrap.registry.tenantId,
    env,
    list: () => [own, ...snapshot().routes].sort((a, b) => (a.id < b.id ? -1 : 1)),
    save: async (input, by) => {
      const checked = checkRoute(input, env, backends)
      return changeAndAnnounce((routes) => {
        refuseAmbiguous(routes, checked.scope)
        return saving(checked, { by, now: now(), newId, backends })(routes)
      })
    },
    delete: async (id, by) =>
      void (await changeAndAnnounce(removal(id, { by, now: now(), newId, backends }))),
    audits: (limit) => opened().audits(limit),
    auditPage: (page) => opened().auditPage(page),
    ping: async () => void (await opened().version()),
  }
}

function refuseAmbiguous(routes: readonly Route[], scope: RouteScope): void {
  const other = findAmbiguous(routes, scope)
  if (other === undefined) return
  throw new AppError(
    'ROUTE_AMBIGUOUS',
    'another route is exactly as specific and shares a mode with this one',
    { details: { route_id: other.id } },
  )
}

function registryRoute(bootstrap: RoutingBootstrap, env: string): Route {
  const { tenantId, backendType, config, modes } = bootstrap.registry
  const scope: RouteScope = {
    resourceKind: registryKind,
    tenantId,
    env,
    modes,
    projectId: null,
    surfaceId: null,
  }
  return {
    id: routeId(scope),
    ...scope,
    backendType,
    config,
    tier: null,
    costNotes: null,
    updatedAt: new Date(0),
    updatedBy: bootstrapActor,
    previousBackendType: null,
    switchRationale: null,
    lastSwitchTime: null,
    placement: settled,
  }
}
