import { startBus, type EmbeddedBus } from '../bus.js'
import { startOidcProvider, type EmbeddedOidcProvider } from '../oidc.js'
import { startPostgres, type EmbeddedPostgres } from '../postgres.js'
import type { DataDir } from './data-dir.js'
import { databaseName, publicUrl } from './environment.js'
import { settled, took, type Opened } from './opened.js'
import type { PortPlan } from './ports.js'

export interface Servers {
  readonly postgres: EmbeddedPostgres
  readonly bus: EmbeddedBus
  readonly oidc: EmbeddedOidcProvider
}

/** Starts what the services rest on, side by side, with a database for each of `services`. */
export async function startServers(
  ports: PortPlan,
  dataDir: DataDir,
  services: readonly string[],
  opened: Opened[],
  onProgress: (message: string) => void,
): Promise<Servers> {
  const gatewayUrl = publicUrl(ports)
  const startedAtMs = Date.now()

  async function postgres(): Promise<EmbeddedPostgres> {
    const server = await startPostgres({
      dataDir: dataDir.postgres,
      port: ports.postgres,
      onProgress,
    })
    opened.push({ close: () => server.stop() })
    await Promise.all(
      services.map((name) => server.createDatabase(databaseName(name), { ifNotExists: true })),
    )
    onProgress(`PostgreSQL runs ${took(startedAtMs)}`)
    return server
  }

  async function bus(): Promise<EmbeddedBus> {
    const server = await startBus({
      dataDir: dataDir.bus,
      port: ports.bus,
      corsOrigins: [gatewayUrl, `http://127.0.0.1:${ports.gateway}`],
    })
    opened.push({ close: () => server.close() })
    onProgress(`the event bus and the object store run ${took(startedAtMs)}`)
    return server
  }

  async function oidc(): Promise<EmbeddedOidcProvider> {
    const server = await startOidcProvider({
      dataDir: dataDir.secrets,
      port: ports.oidc,
      redirectUris: [`${gatewayUrl}/auth/callback`],
      postLogoutRedirectUris: [gatewayUrl, `${gatewayUrl}/`],
      backchannelLogoutUri: `${gatewayUrl}/auth/backchannel-logout`,
    })
    opened.push({ close: () => server.close() })
    onProgress(`the identity provider runs ${took(startedAtMs)}`)
    return server
  }

  const [startedPostgres, startedBus, startedOidc] = await settled([postgres(), bus(), oidc()])
  return { postgres: startedPostgres, bus: startedBus, oidc: startedOidc }
}
