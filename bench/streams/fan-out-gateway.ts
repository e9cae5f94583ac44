import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'
import { exportJWK, generateKeyPair } from 'jose'
import { connectCluster, freePort, startOidcProvider, startPostgres } from '@heirloom/embedded'
import { newDataDir } from '@heirloom/testkit'
import { startPinned, type PinnedProcess } from './pinned-process.js'
import type { SourceSubgraph } from './source-subgraph.js'

/** The gateway as it is deployed, with sign-in and sessions, in front of one subgraph. */
export interface GatewayProcess extends PinnedProcess {
  readonly port: number
  readonly token: string
}

const main = new URL('../../../gateway/dist/main.js', import.meta.url).pathname

export async function startGatewayProcess(source: SourceSubgraph): Promise<GatewayProcess> {
  const folder = await newDataDir()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const postgres = await startPostgres({ dataDir: folder, durable: false })
  const cluster = connectCluster({ port: postgres.port, passwords: postgres.passwords })
  await cluster.createDatabase('gateway')
  const urls = cluster.urls('gateway')
  const provider = await startOidcProvider({
    dataDir: folder,
    redirectUris: [`${url}/auth/callback`],
    postLogoutRedirectUris: [`${url}/`],
  })
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const keys = join(folder, 'internal-keys.json')
  await writeFile(keys, JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: 'b' }] }))
  const supergraph = join(folder, 'supergraph.graphql')
  await writeFile(supergraph, compose(source))
  const started = await startPinned(main, ['serve', '--migrate'], {
    LOG_LEVEL: 'warn',
    PORT: String(port),
    PUBLIC_URL: url,
    DATABASE_URL: urls.appUrl,
    MIGRATION_DATABASE_URL: urls.ownerUrl,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.gatewayClient.clientId,
    OIDC_CLIENT_SECRET: provider.gatewayClient.clientSecret,
    OIDC_AUDIENCE: provider.audience,
    SESSION_KEYS: `b:${randomBytes(32).toString('base64')}`,
    INTERNAL_KEYS_FILE: keys,
    SUPERGRAPH_FILE: supergraph,
    CONNECTIONS_PER_USER: '100000',
    CONNECTIONS_PER_TENANT: '100000',
    SUBSCRIPTIONS_PER_USER: '100000',
    SUBSCRIPTIONS_PER_TENANT: '100000',
    // Ten thousand subscribers are one user here.
    RATE_LIMIT_PER_ADDRESS: '0',
    RATE_LIMIT_PER_USER: '0',
    RATE_LIMIT_PER_TENANT: '0',
    RATE_LIMIT_PER_OPERATION: '0',
    COST_LIMIT_PER_USER: '0',
    COST_LIMIT_PER_TENANT: '0',
  })
  const client = Object.values(provider.cliClients)[0]
  if (client === undefined) throw new Error('the provider has no client')
  const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const answer = await fetch(provider.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: provider.audience }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return {
    ...started,
    port,
    token,
    stop: async () => {
      await started.stop()
      await provider.close()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function compose({ sdl, url }: SourceSubgraph): string {
  const { supergraphSdl, errors } = composeServices([{ name: 'source', url, typeDefs: parse(sdl) }])
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return supergraphSdl
}
