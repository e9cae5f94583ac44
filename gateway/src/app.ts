import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { createIds } from '@heirloom/tenancy'
import { createAuth } from './auth/auth.js'
import {
  assertOwnOrigin,
  usesCookie,
  type Authenticated,
  type Credentials,
} from './auth/authenticate.js'
import { cookiesFor } from './auth/cookies.js'
import { readInternalKeys } from './auth/internal-keys.js'
import { assertCsrfToken, serveAuth } from './auth/routes.js'
import type { GatewaySchema } from './auth/session-store.js'
import type { SessionLimits } from './auth/sessions.js'
import { disableVendorTelemetry, type GatewayConfig } from './config.js'
import { serveRouteDiagnostics } from './diagnostics/route-diagnostics.js'
import { createCallerFactory } from './federation/caller.js'
import { createFederation } from './federation/federation.js'
import { watchSupergraphFile } from './federation/watch-supergraph-file.js'
import { answerErrorsWithEnvelope, envelopeBeforeRoutes } from './http/errors.js'
import { serveGraphQL } from './http/graphql-route.js'
import { lacksWhileThrowing, serveHealth } from './http/health.js'
import { sendSecurityHeaders } from './http/security-headers.js'
import { serveGraphiql } from './pages/graphiql.js'
import { serveLanding } from './pages/landing.js'
import { serveSchema } from './registry/schema-routes.js'
import {
  createSubscribe,
  subscriptionLimits,
  type SubscriptionLimits,
} from './subscriptions/federated-subscription.js'
import { createTransport } from './subscriptions/transport.js'
import { openUpstream } from './subscriptions/upstream.js'

export interface GatewayDeps {
  readonly config: GatewayConfig
  /** Owned by the caller, who closes it after the gateway. */
  readonly database: Database<GatewaySchema>
  readonly logger: Logger
  readonly now?: () => number
  readonly sessionLimits?: SessionLimits
  readonly subscriptionLimits?: Partial<SubscriptionLimits>
  /** How often an open socket's session is looked at again. */
  readonly socketCheckEveryMs?: number
  readonly subgraphTimeoutMs?: number
}

export interface Gateway {
  readonly app: FastifyInstance
  /** Resolves to the address. Port 0 picks a free one. */
  listen(options: { host: string; port: number }): Promise<string>
  /** Ends sockets with 1001 (going away), finishes running requests, then resolves. */
  close(): Promise<void>
}

const bodyLimitBytes = 8 * 1024 * 1024
const sweepEveryMs = 600_000
/** Headers and body together: nobody keeps a connection busy by sending a byte now and then. */
const requestTimeoutMs = 60_000
const requestIdPattern = /^[\w.-]{8,128}$/

/** Everything in front of the subgraphs. Connects to nothing before it has to. */
export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  disableVendorTelemetry()
  const { config, database, logger, now = Date.now } = deps
  const { publicUrl } = config
  const newId = createIds(now)
  const cookies = cookiesFor(publicUrl)
  const internalKeys = await readInternalKeys(config.internalKeysFile)
  const auth = createAuth({ config, database, logger, limits: deps.sessionLimits, now })
  const createCaller = createCallerFactory(internalKeys.signing, config.asks, now)
  const federation = await createFederation(await readFile(config.supergraphFile, 'utf8'), {
    ...config,
    logger,
    subgraphTimeoutMs: deps.subgraphTimeoutMs,
  })
  const { operations } = federation
  const supergraph = () => federation.current().supergraph
  const app = await createHttpApp(config, logger, newId)
  const credentialsOf = ({ headers }: IncomingMessage | FastifyRequest): Credentials => ({
    authorization: headers.authorization,
    sessionSecret: app.parseCookie(headers.cookie ?? '')[cookies.session],
  })
  const transport = createTransport({
    ...auth,
    operations,
    schema: () => supergraph().apiSchema,
    publicUrl,
    credentialsOf,
    createCaller,
    subscribe: createSubscribe({
      hold: federation.hold,
      createCaller,
      openUpstream,
      limits: { ...subscriptionLimits, ...deps.subscriptionLimits },
      logger,
    }),
    newRequestId: newId,
    maxMessageBytes: bodyLimitBytes,
    logger,
    checkEveryMs: deps.socketCheckEveryMs,
    now,
  })

  async function authenticateRequest(request: FastifyRequest): Promise<Authenticated> {
    const credentials = credentialsOf(request)
    if (usesCookie(credentials)) {
      assertOwnOrigin(request.headers.origin, publicUrl)
      const { 'x-csrf-token': token } = request.headers
      const given = typeof token === 'string' ? token : undefined
      assertCsrfToken(auth.sessions, credentials.sessionSecret, given)
    }
    return auth.authenticate(credentials)
  }

  serveHealth(app, [
    lacksWhileThrowing('database', () => database.ping()),
    lacksWhileThrowing('identity provider', () => auth.provider.ready()),
    federation.missing,
  ])
  serveAuth(app, { ...auth, publicUrl, cookies, internalKeys: internalKeys.publicSet, logger })
  serveSchema(app, supergraph)
  serveGraphQL(app, { operations, createCaller, authenticate: authenticateRequest })
  serveRouteDiagnostics(app, {
    fetch: federation.fetch,
    createCaller,
    // A read, and no page of another site gets to see the answer: a cookie is enough.
    authenticate: async (request) => auth.authenticate(credentialsOf(request)),
  })
  serveGraphiql(app, publicUrl)
  serveLanding(app, { sessions: auth.sessions, cookies, providerUrl: auth.provider.url })
  transport.attach(app.server)

  const sweep = setInterval(() => {
    const failed = (error: unknown) => logger.warn({ err: error }, 'sweep failed')
    auth.sessions.sweep().catch(failed)
  }, sweepEveryMs)

  const watch = watchSupergraphFile(config.supergraphFile, federation, { logger })

  return {
    app,
    listen: (address) => app.listen(address),
    close: async () => {
      clearInterval(sweep)
      await watch.stop()
      await transport.close()
      await app.close()
      await federation.close()
    },
  }
}

async function createHttpApp(
  config: GatewayConfig,
  logger: Logger,
  newId: () => string,
): Promise<FastifyInstance> {
  const app = fastify({
    ...envelopeBeforeRoutes(newId),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && requestIdPattern.test(given) ? given : newId()
    },
  })
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, text, done) => done(null, Object.fromEntries(new URLSearchParams(String(text)))),
  )
  await app.register(fastifyCookie)
  sendSecurityHeaders(app, config.publicUrl)
  answerErrorsWithEnvelope(app, logger)
  return app
}
