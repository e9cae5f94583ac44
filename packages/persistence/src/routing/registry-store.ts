import { AppError } from '@heirloom/errors'
import { failedWrites } from '../ports/conflict.js'
import type {
  JsonObject,
  RecordTable,
  RecordVersion,
  TableRecord,
  Write,
} from '../ports/record-table.js'
import { readPage, type Page, type PageRequest } from '../stores/record-page.js'
import {
  auditKey,
  auditPrefix,
  beforeRoutes,
  headKey,
  readRoute,
  routeKey,
  routesPartition,
  switchKey,
  switchPrefix,
  writeRoute,
} from './route-records.js'
import type { Route } from './route.js'

/** All routes as they were at one head. `version` is null before the first change. */
export interface RouteSnapshot {
  readonly version: RecordVersion | null
  readonly routes: readonly Route[]
}

export interface RouteAudit {
  readonly id: string
  readonly at: string
  /** kind:id of the actor. */
  readonly by: string
  readonly action: 'saved' | 'deleted' | 'placed'
  readonly routeId: string
  /** The routes as they may be shown: secrets redacted. */
  readonly before: JsonObject | null
  readonly after: JsonObject | null
}

/** A change of backend, announced on the stream of the tenant that it concerns. */
export interface BackendSwitch {
  readonly id: string
  /** Null: the route is for any tenant. */
  readonly tenantId: Route['tenantId']
  readonly at: string
  readonly by: string
  readonly data: JsonObject
}

export interface RouteChange {
  readonly saved: readonly Route[]
  readonly deleted: readonly Route[]
  readonly audits: readonly RouteAudit[]
  readonly switches: readonly BackendSwitch[]
  /** Further records of the registry that change with it. */
  readonly also: readonly Write[]
}

/** routing_registry_store: routes, their audit trail and unannounced switches in one partition. */
export interface RoutingRegistryStore {
  /** Changes with every change of a route; cheap to ask often. */
  version(): Promise<RecordVersion | null>
  load(): Promise<RouteSnapshot>
  /**
   * Writes a change, all of it or nothing, if nothing changed since `version`. Resolves to whether
   * it did.
   */
  write(version: RecordVersion | null, change: RouteChange): Promise<boolean>
  /** The newest entries, newest first. */
  audits(limit: number): Promise<readonly RouteAudit[]>
  /** All of them, page by page, the newest first. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  auditPage(page: PageRequest): Promise<Page<RouteAudit>>
  /** Oldest first, at most 100. */
  unannounced(): Promise<readonly BackendSwitch[]>
  announced(id: string): Promise<void>
  onChange(wake: () => void): () => void
}

const maxUnannounced = 100

export function createRoutingRegistryStore(table: RecordTable): RoutingRegistryStore {
  const pk = routesPartition

  async function version(): Promise<RecordVersion | null> {
    return (await table.get(pk, headKey))?.version ?? null
  }

  return {
    version,
    load: async () => {
      // The head first: a change that comes in while the routes are read makes the snapshot look
      // old, never current.
      const head = await version()
      const routes = (await readAll(table)).map((record) => readRoute(record.value))
      return { version: head, routes }
    },
    write: async (expected, change) => {
      try {
        await table.transact(pk, writesOf(expected, change))
        return true
      } catch (error) {
        if (failedWrites(error) === null) throw error
        return false
      }
    },
    audits: async (limit) => {
      const page = await table.query(pk, { prefix: auditPrefix, order: 'descending', limit })
      return page.records.map((record) => record.value as unknown as RouteAudit)
    },
    auditPage: (page) => {
      const list = { prefix: auditPrefix, order: 'descending' } as const
      return readPage(table, pk, list, page, ({ value }) => value as unknown as RouteAudit)
    },
    unannounced: async () => {
      const page = await table.query(pk, { prefix: switchPrefix, limit: maxUnannounced })
      return page.records.map((record) => record.value as unknown as BackendSwitch)
    },
    announced: (id) => table.delete(pk, switchKey(id)),
    onChange: (wake) => table.onChange(pk, wake),
  }
}

function writesOf(expected: RecordVersion | null, change: RouteChange): readonly Write[] {
  const by = change.audits.at(-1)
  return [
    {
      op: 'put',
      sk: headKey,
      value: { changed_at: by?.at ?? null, changed_by: by?.by ?? null },
      expect: expected === null ? 'absent' : { version: expected },
    },
    ...change.saved.map((route): Write => ({
      op: 'put',
      sk: routeKey(route),
      value: writeRoute(route),
    })),
    ...change.deleted.map((route): Write => ({ op: 'delete', sk: routeKey(route) })),
    ...change.audits.map((audit): Write => {
      return { op: 'put', sk: auditKey(new Date(audit.at), audit.id), value: { ...audit } }
    }),
    ...change.switches.map((one): Write => {
      return { op: 'put', sk: switchKey(one.id), value: { ...one } }
    }),
    ...change.also,
  ]
}

const maxRoutes = 100_000

async function readAll(table: RecordTable): Promise<readonly TableRecord[]> {
  const records: TableRecord[] = []
  let token: string | null = null
  do {
    const page = await table.query(routesPartition, {
      after: beforeRoutes,
      limit: table.capabilities.maxPageItems,
      ...(token === null ? {} : { token }),
    })
    records.push(...page.records)
    if (records.length > maxRoutes) throw new AppError('INTERNAL', 'there are too many routes')
    token = page.next
  } while (token !== null)
  return records
}
