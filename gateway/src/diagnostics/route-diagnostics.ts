import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError, isErrorCode } from '@heirloom/errors'
import type { AskAs } from '../access.js'
import { isObject, type JsonObject } from '../federation/json.js'
import type { FetchSubgraph, SubgraphAnswer } from '../federation/subgraph-request.js'
import { idsOf } from '../http/request-ids.js'

export interface RouteDiagnosticsDeps {
  readonly fetch: FetchSubgraph
  readonly admit: (request: FastifyRequest) => Promise<AskAs>
}

/** The subgraph that routes belong to. */
const owner = 'storage'
const maxListed = 100

const query = `query ($first: Int!, $after: String) {
  routes(first: $first, after: $after) {
    nodes {
      id resourceKind tenantId env modes projectId surfaceId backendType config tier costNotes
      updatedAt updatedBy previousBackendType switchRationale lastSwitchTime
    }
    pageInfo { endCursor hasNextPage }
  }
  routeDiagnostics {
    env checkedAt missingResourceKinds
    backends(first: 50) {
      nodes {
        id backendType config routeIds healthy since operations p50Ms p99Ms
        failures { code count }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}`

/**
 * `GET /diagnostics/routes`: the active routes and how their backends are doing, for those who may
 * see routes. 503 when a kind of data has no route, so that a monitor need not read the body.
 */
export function serveRouteDiagnostics(app: FastifyInstance, deps: RouteDiagnosticsDeps): void {
  app.get('/diagnostics/routes', async (request, reply) => {
    const askAs = await deps.admit(request)
    const caller = askAs(idsOf(request)).createCaller()
    const variables = pageOf(request)
    const answer = await deps.fetch({ subgraph: owner, query, variables, caller })
    const { routes, routeDiagnostics } = dataOf(answer)
    if (!isObject(routeDiagnostics)) throw new AppError('INTERNAL', 'diagnostics are missing')
    refuseMissing(routeDiagnostics)
    return reply.header('cache-control', 'no-store').send({ ...routeDiagnostics, routes })
  })
}

/** @throws AppError ROUTE_NOT_CONFIGURED that names every kind without a route */
function refuseMissing({ env, missingResourceKinds: missing }: JsonObject): void {
  if (!Array.isArray(missing) || missing.length === 0) return
  const message = `no route is configured for ${missing.join(', ')}`
  throw new AppError('ROUTE_NOT_CONFIGURED', message, {
    details: { resource_kinds: missing, env },
  })
}

/** @throws AppError with the code that the subgraph gave */
function dataOf({ data, errors }: SubgraphAnswer): JsonObject {
  const [error] = errors ?? []
  if (error === undefined && data !== null && data !== undefined) return data
  const { code, details } = error?.extensions ?? {}
  const known = isErrorCode(code) ? code : 'INTERNAL'
  throw new AppError(
    known,
    error?.message ?? 'no diagnostics',
    isObject(details) ? { details } : {},
  )
}

function pageOf(request: FastifyRequest): { readonly first: number; readonly after?: string } {
  const { first = String(maxListed), after } = isObject(request.query) ? request.query : {}
  const count = Number(first)
  if (!Number.isSafeInteger(count) || count < 1 || count > maxListed) {
    throw new AppError('INVALID_INPUT', `"first" must be between 1 and ${maxListed}`)
  }
  return typeof after === 'string' ? { first: count, after } : { first: count }
}
