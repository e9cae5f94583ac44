import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance } from 'fastify'
import type { Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { createAccessSource } from './auth/access-source.js'
import { createAuth } from './auth/auth.js'
import { cookiesFor } from './auth/cookies.js'
import { readInternalKeys } from './auth/internal-keys.js'
import type { GatewaySchema } from './auth/gateway-schema.js'
import { createMemberAccess } from './auth/member-access.js'
import { serveAuth } from './auth/routes/auth-routes.js'
import type { SessionLimits } from './auth/session-limits.js'
import { createTenantAccess } from './auth/tenant-access.js'
import type { GatewayConfig } from './config.js'
import { serveRouteDiagnostics } from './diagnostics/route-diagnostics.js'
import { createPostgresBudgetStores, sweepBudgets } from './guard/budget-store.js'
import { createRateLimits, defaultRates } from './guard/rate-limits.js'
import { createCallerFactory } from './federation/caller.js'
import { createPolicy } from './federation/operation-policy.js'
import type { FetchSubgraph } from './federation/subgraph-request.js'
import { lacksWhileThrowing } from './http/health.js'
import { createSourceOf } from './http/request-source.js'
import { serveLanding } from './pages/landing.js'
import { serveRest } from './rest/rest-routes.js'
import { createGatewayServer, type Gateway } from './server.js'
import type { ConnectionLimits } from './subscriptions/admission.js'
import type { SubscriptionLimits } from './subscriptions/hub.js'

export type { Gateway } from './server.js'

export interface GatewayDeps {
  readonly config: GatewayConfig
  /** Owned by the caller, who closes it after the gateway. */
  readonly database: Database<GatewaySchema>
  readonly logger: Logger
  readonly now?: () => number
  readonly sessionLimits?: SessionLimits
  readonly subscriptionLimits?: Partial<SubscriptionLimits>
  readonly connectionLimits?: Partial<ConnectionLimits>
  /** How often a socket or stream is asked, or told, that somebody is there. */
  readonly heartbeatMs?: number
  /** How often an open socket's session is looked at again. */
  readonly socketCheckEveryMs?: number
  /** How long who may do what is taken for granted without asking whether it changed. */
  readonly accessFreshForMs?: number
  readonly subgraphTimeoutMs?: number
}

const sweepEveryMs = 600_000

/** Everything in front of the subgraphs. Connects to nothing before it has to. */
export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  const { config, database, logger, now = Date.now } = deps
  const { publicUrl } = config
  const cookies = cookiesFor(publicUrl)
  const internalKeys = await readInternalKeys(config.internalKeysFile)
  const auth = createAuth({ config, database, logger, limits: deps.sessionLimits, now })
  const createCaller = createCallerFactory(internalKeys.signing, config.asks, now)
  const fetch: FetchSubgraph = (request) => server.federation.fetch(request)
  const members =
    config.accessFrom === undefined
      ? undefined
      : createMemberAccess({
          source: createAccessSource({ subgraph: config.accessFrom, fetch, createCaller }),
          freshForMs: deps.accessFreshForMs,
          now,
        })
  const sourceOf = createSourceOf(config.trustedProxies ?? [])
  const access = createTenantAccess({
    ...auth,
    sessionSecretIn: (header) => fastifyCookie.parse(header)[cookies.session],
    createCaller,
    members,
    sourceOf,
    socketCheckEveryMs: deps.socketCheckEveryMs,
    now,
  })
  const rateLimits = createRateLimits({
    rates: { ...defaultRates, ...config.rates },
    sourceOf,
    createStore: createPostgresBudgetStores(database, logger),
    now,
  })
  const publishSchema = config.introspection ?? true
  const server = await createGatewayServer({
    ...config,
    watch: true,
    access,
    healthChecks: ({ missing }) => [
      lacksWhileThrowing('database', () => database.ping()),
      lacksWhileThrowing('identity provider', () => auth.providers.ready()),
      missing,
    ],
    policy: createPolicy(config),
    publishSchema,
    httpLimits: config.httpLimits,
    firstQuery,
    subgraphTimeoutMs: deps.subgraphTimeoutMs,
    subscriptionLimits: deps.subscriptionLimits,
    connectionLimits: { ...config.connectionLimits, ...deps.connectionLimits },
    rateLimits,
    heartbeatMs: deps.heartbeatMs,
    logger,
    now,
  })
  const { app, federation } = server
  takeForms(app)
  await app.register(fastifyCookie)
  serveAuth(app, { ...auth, publicUrl, cookies, internalKeys: internalKeys.publicSet, logger, now })
  serveRouteDiagnostics(app, { fetch: federation.fetch, admit: access.admitRead })
  serveRest(app, {
    current: () => federation.current().supergraph,
    operations: federation.operations,
    admitRead: access.admitRead,
    admitRequest: access.admitRequest,
    rateLimits,
    publishSchema,
    publicUrl,
  })
  serveLanding(app, {
    ...auth,
    cookies,
    providerUrls: auth.providers.all.map(({ config: provider }) => provider.issuer),
  })

  const sweep = setInterval(() => {
    const failed = (error: unknown) => logger.warn({ err: error }, 'sweep failed')
    auth.sessions.sweep().catch(failed)
    sweepBudgets(database, now).catch(failed)
  }, sweepEveryMs)

  return {
    app,
    listen: (address) => server.listen(address),
    close: async () => {
      clearInterval(sweep)
      members?.close()
      await server.close()
      await auth.signals.stop()
    },
  }
}

/** What the identity provider sends when it signs somebody out. */
function takeForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => done(null, Object.fromEntries(new URLSearchParams(String(text)))),
  )
}

const firstQuery = `# Sign in at / first: requests carry your session's cookie.
query Legacies {
  legacies {
    nodes {
      id
      title
      stories(first: 5) {
        nodes { title people { name } }
      }
    }
  }
}

# Needs the id of a legacy. Give the cursor of the last event as "after" to go on from there.
subscription Timeline($legacyId: ID!, $after: String) {
  timeline(legacyId: $legacyId, after: $after) {
    cursor
    type
    story { title }
    person { name }
  }
}
`
