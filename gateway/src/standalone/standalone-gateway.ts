import { request } from 'undici'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { createOpenErrorFormatter } from '../federation/format-error.js'
import type { Federation } from '../federation/federation.js'
import { createPolicy } from '../federation/operation-policy.js'
import type { HealthCheck } from '../http/health.js'
import { createGatewayServer, type GatewayServer } from '../server.js'
import type { StandaloneConfig } from './config.js'
import { createHeaderAccess } from './header-access.js'

const healthTimeoutMs = 2_000

/**
 * A gateway for any supergraph: it signs nobody in and keeps nothing; what subgraphs know of a
 * caller is in the headers that it forwards.
 * @throws AppError INVALID_INPUT when the file holds no supergraph, or lacks a named subgraph
 */
export async function createStandaloneGateway(
  config: StandaloneConfig,
  logger: Logger,
): Promise<GatewayServer> {
  const { introspection } = config
  const server = await createGatewayServer({
    ...config,
    access: createHeaderAccess(config.forwardedHeaders),
    policy: createPolicy({ ...config, formatErrors: createOpenErrorFormatter }),
    healthChecks: (federation) => [subgraphsAnswer(federation)],
    publicUrl: undefined,
    publishSchema: introspection,
    firstQuery: '# Headers that the gateway forwards can be set below.\n{\n  __typename\n}\n',
    logger,
    now: Date.now,
  })
  const { urls } = server.federation.current()
  const unknown = [...config.subgraphUrls.keys()].find((name) => !urls.has(name))
  if (unknown === undefined) return server
  await server.close()
  throw new AppError('INVALID_INPUT', `the supergraph has no subgraph ${unknown}`)
}

/** Whether each subgraph answers HTTP at all: more cannot be asked of one that is not known. */
function subgraphsAnswer(federation: Federation): HealthCheck {
  return async () => {
    const { served, release } = federation.hold()
    try {
      const missing = await Promise.all(
        [...served.urls].map(async ([name, url]) => ((await answers(url)) ? [] : [name])),
      )
      return missing.flat()
    } finally {
      release()
    }
  }
}

async function answers(url: string): Promise<boolean> {
  const probe = new URL(url)
  probe.searchParams.set('query', '{__typename}')
  try {
    const { statusCode, body } = await request(probe, {
      signal: AbortSignal.timeout(healthTimeoutMs),
    })
    await body.dump()
    return statusCode < 500
  } catch {
    return false
  }
}
