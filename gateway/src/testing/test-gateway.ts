import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload } from 'jose'
import { freePort, startOidcProvider, type EmbeddedOidcProvider } from '@heirloom/embedded'
import { createDatabase, type Database } from '@heirloom/postgres'
import type { SubgraphServer } from '@heirloom/subgraph'
import { createInternalTokenVerifier, remoteInternalKeys } from '@heirloom/tenancy'
import { graphqlClient, testDatabase, testLogger, type GraphQLClient } from '@heirloom/testkit'
import { createGateway, type Gateway, type GatewayDeps } from '../app.js'
import type { GatewaySchema } from '../auth/gateway-schema.js'
import type { GatewayConfig } from '../config.js'
import { migrations } from '../migrations.js'
import type { ProviderConfig } from '../provider-config.js'
import { EventLog } from './event-log.js'
import { createTestSubgraph, testAsks, testSupergraph, type TestSubgraphName } from './subgraphs.js'
import { signedBy, type TokenKey } from './tokens.js'

export interface TestGateway {
  readonly url: string
  readonly config: GatewayConfig
  readonly database: Database<GatewaySchema>
  readonly superuserUrl: string
  readonly log: EventLog
  readonly provider: EmbeddedOidcProvider
  /** Those of `alsoProviders`. */
  readonly otherProviders: readonly EmbeddedOidcProvider[]
  /** A token that the provider issued to the command line of a demo tenant. */
  serviceToken(tenant?: 't_haworth' | 't_downe'): Promise<string>
  /** What the provider signs with, for tokens that it would not sign. */
  providerKey(id?: string): Promise<TokenKey>
  /** A token that the provider's key signed, with whatever is asked for. */
  forge(claims: JWTPayload, options?: ForgeOptions): Promise<string>
  client(token?: string): GraphQLClient
  /**
   * Another gateway process's worth beside this one: with the same public address and database,
   * at an address of its own. It is closed with this one at the latest.
   */
  another(overrides?: Overrides): Promise<AnotherGateway>
  stopSubgraph(name: TestSubgraphName): Promise<void>
  startSubgraph(name: TestSubgraphName): Promise<void>
  stopGateway(): Promise<void>
  stopProvider(): Promise<void>
  close(): Promise<void>
}

export interface AnotherGateway {
  readonly url: string
  close(): Promise<void>
}

export interface ForgeOptions {
  readonly audience?: string
  readonly issuer?: string
  readonly expiresAt?: number
}

type Overrides = Omit<Partial<GatewayDeps>, 'config' | 'database'> & {
  readonly config?: Partial<GatewayConfig>
  /** Further providers beside the one that is always there: each is an embedded one of its own. */
  readonly alsoProviders?: readonly (Partial<ProviderConfig> & { readonly id: string })[]
}

/** A gateway on real servers: Postgres, an OpenID provider and three subgraphs. */
export async function startTestGateway({
  alsoProviders = [],
  ...overrides
}: Overrides = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'heirloom-gateway-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const startProvider = (dataDir: string, callbackPath: string): Promise<EmbeddedOidcProvider> =>
    startOidcProvider({
      dataDir,
      redirectUris: [url + callbackPath],
      postLogoutRedirectUris: [`${url}/`],
      backchannelLogoutUri: `${url}/auth/backchannel-logout`,
    })
  const provider = await startProvider(folder, '/auth/callback')
  const others: EmbeddedOidcProvider[] = []
  const providers = [testProvider(provider)]
  for (const settings of alsoProviders) {
    const callbackPath = `/auth/callback/${settings.id}`
    const other = await startProvider(join(folder, settings.id), callbackPath)
    others.push(other)
    providers.push(testProvider(other, { callbackPath, ...settings }))
  }
  const testDb = await testDatabase(migrations)
  const database = createDatabase<GatewaySchema>({ url: testDb.appUrl, applicationName: 'test' })
  const log = new EventLog()
  const logger = testLogger()
  const running = new Map<TestSubgraphName, SubgraphServer>()
  const ports = new Map<TestSubgraphName, number>()

  async function startSubgraph(name: TestSubgraphName): Promise<void> {
    const jwksUrl = `${url}/.well-known/heirloom-internal-jwks.json`
    const server = createTestSubgraph(name, {
      verifier: (audience) => createInternalTokenVerifier(remoteInternalKeys(jwksUrl), audience),
      logger,
      log,
    })
    const address = await server.listen({ host: '127.0.0.1', port: ports.get(name) ?? 0 })
    ports.set(name, Number(new URL(address).port))
    running.set(name, server)
  }

  async function stopSubgraph(name: TestSubgraphName): Promise<void> {
    await running.get(name)?.close()
    running.delete(name)
  }

  for (const name of ['library', 'people', 'log'] as const) await startSubgraph(name)
  const config: GatewayConfig = {
    host: '127.0.0.1',
    port,
    publicUrl: new URL(url),
    databaseUrl: testDb.appUrl,
    providers,
    sessionKeys: [{ kid: 's1', key: randomBytes(32) }],
    internalKeysFile: await writeInternalKeys(folder),
    supergraphFile: await written(folder, 'supergraph.graphql', testSupergraph()),
    subgraphUrls: new Map(
      [...ports].map(([name, number]) => [name, `http://127.0.0.1:${number}/graphql`]),
    ),
    asks: testAsks,
    executor: 'compiled',
    ...overrides.config,
  }
  const gateway: Gateway = await createGateway({ logger, ...overrides, config, database })
  await gateway.listen({ host: '127.0.0.1', port })
  const stopGateway = once(() => gateway.close())
  const siblings: AnotherGateway[] = []

  async function another(more: Overrides = {}): Promise<AnotherGateway> {
    const pool = createDatabase<GatewaySchema>({ url: testDb.appUrl, applicationName: 'another' })
    const second = await createGateway({
      logger,
      ...overrides,
      ...more,
      config: { ...config, ...more.config },
      database: pool,
    })
    const address = await second.listen({ host: '127.0.0.1', port: 0 })
    const close = once(async () => {
      await second.close()
      await pool.close()
    })
    const started = { url: address, close }
    siblings.push(started)
    return started
  }
  const stopProvider = once(() => provider.close())

  return {
    url,
    config,
    database,
    superuserUrl: testDb.superuserUrl,
    log,
    provider,
    otherProviders: others,
    serviceToken: (tenant = 't_haworth') => clientCredentials(provider, tenant),
    providerKey: (id = '') => providerKey(join(folder, id)),
    forge: (claims, options) => forge(folder, provider, claims, options),
    client: (token) => graphqlClient(`${url}/graphql`, token),
    another,
    stopSubgraph,
    startSubgraph,
    stopGateway,
    stopProvider,
    close: async () => {
      await stopGateway()
      for (const sibling of siblings) await sibling.close()
      for (const name of running.keys()) await stopSubgraph(name)
      await database.close()
      await testDb.drop()
      await stopProvider()
      for (const other of others) await other.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** How a gateway is told about an embedded provider. */
export function testProvider(
  provider: EmbeddedOidcProvider,
  overrides: Partial<ProviderConfig> = {},
): ProviderConfig {
  return {
    id: 'default',
    name: 'Heirloom',
    issuer: new URL(provider.issuer),
    ...provider.gatewayClient,
    clientAuthentication: 'client_secret_basic',
    audience: provider.audience,
    audienceClaim: 'aud',
    asksForResource: true,
    scope: 'openid profile offline_access',
    claims: {},
    fixedClaims: {},
    callbackPath: '/auth/callback',
    ...overrides,
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}

async function writeInternalKeys(folder: string): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const keys = [{ ...(await exportJWK(privateKey)), kid: 'i1' }]
  return written(folder, 'internal-keys.json', JSON.stringify({ keys }))
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

export async function clientCredentials(
  provider: EmbeddedOidcProvider,
  tenant: string,
): Promise<string> {
  const client = provider.cliClients[tenant]
  if (client === undefined) throw new Error(`no client for ${tenant}`)
  const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const response = await fetch(provider.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: provider.audience }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return token
}

async function providerKey(folder: string): Promise<TokenKey> {
  const secrets = await readFile(join(folder, 'oidc-secrets.json'), 'utf8')
  const { signingKey } = JSON.parse(secrets) as { signingKey: JWK & { kid: string } }
  return { kid: signingKey.kid, key: await importJWK(signingKey, 'RS256') }
}

async function forge(
  folder: string,
  provider: EmbeddedOidcProvider,
  claims: JWTPayload,
  options: ForgeOptions = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const defaults = {
    sub: 'u1',
    tenant_id: 't_haworth',
    mode: 'saas',
    roles: ['viewer'],
    iss: options.issuer ?? provider.issuer,
    aud: options.audience ?? provider.audience,
    iat: now,
    exp: options.expiresAt ?? now + 600,
  }
  return signedBy(await providerKey(folder), { ...defaults, ...claims }, { typ: 'at+jwt' })
}
