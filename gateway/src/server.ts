import { readFile } from 'node:fs/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { createIds } from '@heirloom/tenancy'
import type { Access } from './access.js'
import { disableVendorTelemetry } from './config.js'
import { createFederation, type Federation } from './federation/federation.js'
import { defaultPolicy } from './federation/operation-policy.js'
import type { ServingOptions } from './federation/served-supergraph.js'
import { watchSupergraphFile } from './federation/watch-supergraph-file.js'
import { noRateLimits, type RateLimits } from './guard/rate-limits.js'
import { answerErrorsWithEnvelope, envelopeBeforeRoutes } from './http/errors.js'
import { serveGraphQLFast } from './http/fast-graphql.js'
import { serveGraphQL } from './http/graphql-route.js'
import { serveHealth, type HealthCheck } from './http/health.js'
import { checkIntervalMs, defaultHttpLimits, type HttpLimits } from './http/http-limits.js'
import { requestIdIn } from './http/request-ids.js'
import { createMetricsServer } from './metrics/metrics-server.js'
import { createOperationMetrics } from './metrics/operation-metrics.js'
import { sendSecurityHeaders } from './http/security-headers.js'
import { serveGraphiql } from './pages/graphiql.js'
import { serveSchema } from './registry/schema-routes.js'
import {
  connectionLimits,
  createAdmission,
  type ConnectionLimits,
} from './subscriptions/admission.js'
import { serveEventStreams } from './subscriptions/event-stream-route.js'
import { defaultHeartbeatMs } from './subscriptions/heartbeat.js'
import { createHub, subscriptionLimits, type SubscriptionLimits } from './subscriptions/hub.js'
import { createTransport } from './subscriptions/transport.js'
import { openUpstream } from './subscriptions/upstream.js'

export interface GatewayServerOptions extends Omit<ServingOptions, 'observer'> {
  readonly supergraphFile: string | URL
  /** Whether to take up what is written to that file while it is served. */
  readonly watch: boolean
  readonly access: Access
  /** What has to be there for the gateway to be ready. */
  readonly healthChecks: (federation: Federation) => readonly HealthCheck[]
  /** Where browsers reach the gateway; undefined when that is not known. */
  readonly publicUrl: URL | undefined
  /** Whether /schema and /schema/supergraph are served. */
  readonly publishSchema: boolean
  /** What GraphiQL shows first. */
  readonly firstQuery: string
  readonly subscriptionLimits?: Partial<SubscriptionLimits> | undefined
  readonly connectionLimits?: Partial<ConnectionLimits> | undefined
  readonly rateLimits?: RateLimits | undefined
  readonly httpLimits?: Partial<HttpLimits> | undefined
  readonly heartbeatMs?: number | undefined
  /** Where Prometheus asks; 0, the default, is nowhere. */
  readonly metricsPort?: number | undefined
  readonly now: () => number
}

export interface Gateway {
  readonly app: FastifyInstance
  /** Resolves to the address. Port 0 picks a free one. */
  listen(options: { host: string; port: number }): Promise<string>
  /** Ends sockets with 1001 (going away), finishes running requests, then resolves. */
  close(): Promise<void>
}

export interface GatewayServer extends Gateway {
  readonly federation: Federation
}

/** Of one message over a socket; what is larger goes over HTTP. */
const maxMessageBytes = 1024 * 1024

/**
 * A supergraph over HTTP and WebSocket, for whoever `access` lets in. Routes may be added to `app`
 * before it listens.
 * @throws AppError INVALID_INPUT when the file holds no supergraph
 */
export async function createGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  disableVendorTelemetry()
  const { access, logger, policy = defaultPolicy, publicUrl, supergraphFile } = options
  const { rateLimits = noRateLimits } = options
  const newId = createIds(options.now)
  const { metricsPort = 0 } = options
  const metrics = metricsPort === 0 ? undefined : createMetricsServer()
  const observer = metrics === undefined ? undefined : createOperationMetrics(metrics.registry)
  const federation = await createFederation(await readSupergraphFile(supergraphFile), {
    ...options,
    observer,
  })
  const supergraph = () => federation.current().supergraph
  const { operations } = federation
  const httpLimits = { ...defaultHttpLimits, ...options.httpLimits }
  const app = createHttpApp({ publicUrl, logger, newId, httpLimits })
  countArrivals(app, rateLimits)
  const hub = createHub({
    federation,
    openUpstream,
    limits: { ...subscriptionLimits, ...options.subscriptionLimits },
    logger,
    now: options.now,
  })
  const limits = { ...connectionLimits, ...options.connectionLimits }
  const live = {
    access,
    operations,
    served: federation.current,
    hub,
    admission: createAdmission(limits),
    rateLimits,
    policy,
    heartbeatMs: options.heartbeatMs ?? defaultHeartbeatMs,
    logger,
  }
  const transport = createTransport({
    ...live,
    operationsPerSocket: limits.operationsPerSocket,
    newRequestId: newId,
    maxMessageBytes,
  })
  const eventStreams = serveEventStreams(app, live)
  let isClosing = false
  serveHealth(app, [
    ...options.healthChecks(federation),
    () => Promise.resolve(isClosing ? 'time: this process is going away' : undefined),
  ])
  if (options.publishSchema) serveSchema(app, supergraph)
  serveGraphQL(app, { operations, access, rateLimits })
  serveGraphiql(app, { publicUrl, firstQuery: options.firstQuery })
  transport.attach(app.server)
  serveGraphQLFast(app.server, {
    operations,
    access,
    rateLimits,
    publicUrl,
    newId,
    maxBodyBytes: httpLimits.maxBodyBytes,
    logger,
    isClosing: () => isClosing,
  })
  const watch = options.watch
    ? watchSupergraphFile(supergraphFile, federation, { logger })
    : undefined

  return {
    app,
    federation,
    listen: async (address) => {
      await metrics?.listen({ host: address.host, port: metricsPort })
      return app.listen(address)
    },
    close: async () => {
      isClosing = true
      await watch?.stop()
      eventStreams.close()
      await transport.close()
      hub.close()
      await app.close()
      await metrics?.close()
      await federation.close()
    },
  }
}

/** What orchestrators and subgraphs ask, who are no clients. */
const uncounted = ['/healthz', '/readyz', '/.well-known/heirloom-internal-jwks.json']

function countArrivals(app: FastifyInstance, rateLimits: RateLimits): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (uncounted.includes(raw.url ?? '')) return
    await rateLimits.arrived(rateLimits.addressOf(raw))
  })
}

/** @throws AppError INVALID_INPUT that names the file */
async function readSupergraphFile(file: string | URL): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError(
      'INVALID_INPUT',
      isMissing ? `there is no file ${String(file)}` : `${String(file)} cannot be read: ${reason}`,
      { cause },
    )
  }
}

function createHttpApp({
  publicUrl,
  logger,
  newId,
  httpLimits,
}: {
  readonly publicUrl: URL | undefined
  readonly logger: Logger
  readonly newId: () => string
  readonly httpLimits: HttpLimits
}): FastifyInstance {
  const app = fastify({
    ...envelopeBeforeRoutes(newId),
    bodyLimit: httpLimits.maxBodyBytes,
    requestTimeout: httpLimits.requestTimeoutMs,
    http: {
      maxHeaderSize: httpLimits.maxHeaderBytes,
      headersTimeout: httpLimits.headersTimeoutMs,
      requestTimeout: httpLimits.requestTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs(httpLimits),
    },
    forceCloseConnections: 'idle',
    genReqId: ({ headers }) => requestIdIn(headers, newId),
  })
  app.server.maxHeadersCount = httpLimits.maxHeaders
  app.removeContentTypeParser('text/plain')
  sendSecurityHeaders(app, publicUrl)
  answerErrorsWithEnvelope(app, logger)
  return app
}
