import type { TenantId } from '@heirloom/tenancy'
import type { BackendPool } from '../backends.js'
import { splitKey } from '../keys.js'
import { keyLayoutOf } from '../layouts/by-kind.js'
import { maxScanItems } from '../ports/record-scan.js'
import type { Route } from '../routing/route.js'
import type { RoutingRegistry } from '../routing/registry.js'
import { headKey, streamPrefix } from './event-stream-keys.js'

export interface StoredStream {
  readonly tenantId: TenantId
  readonly streamId: string
}

const kind = 'event_stream'

/**
 * Every event stream of every tenant, wherever the routes of this environment have put it; one that
 * is moved meanwhile may come twice, or only next time. Reads every record of the streams to find
 * their heads, page by page as it is asked: for housekeeping, never for a request.
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT
 */
export async function* storedStreams(
  registry: Pick<RoutingRegistry, 'list' | 'env'>,
  backends: BackendPool,
): AsyncGenerator<StoredStream, void, void> {
  const routes = registry
    .list()
    .filter(({ resourceKind, env }) => resourceKind === kind && env === registry.env)
  for (const route of distinctPlaces(routes)) {
    const { records } = backends.open(route.backendType, route.config)
    const layout = keyLayoutOf(kind, route.backendType)
    const range = { tenant: route.tenantId, prefixes: [streamPrefix], limit: maxScanItems }
    let token: string | null | undefined
    while (token !== null) {
      const page = await records.scan(
        { ...range, ...(token === undefined ? {} : { token }) },
        layout,
      )
      for (const { tenant, pk, sk } of page.records) {
        const [, streamId] = splitKey(pk)
        if (sk === headKey && streamId !== undefined) yield { tenantId: tenant, streamId }
      }
      token = page.next
    }
  }
}

/** Two routes for different modes may name the same place. */
function distinctPlaces(routes: readonly Route[]): readonly Route[] {
  const byPlace = new Map(
    routes.map((route) => [
      JSON.stringify([route.tenantId, route.backendType, fieldsOf(route)]),
      route,
    ]),
  )
  return [...byPlace.values()]
}

function fieldsOf({ config }: Route): readonly string[] {
  return Object.entries(config)
    .map((field) => JSON.stringify(field))
    .toSorted()
}
