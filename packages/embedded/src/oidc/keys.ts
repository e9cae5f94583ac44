import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { demoTenants } from '../demo-tenants.js'
import { randomSecret } from '../secrets.js'

/** What the provider must remember, so that a restart invalidates no token. */
export interface OidcSecrets {
  readonly signingKey: JWK
  readonly cookieKeys: readonly string[]
  /** By client id. */
  readonly clientSecrets: Readonly<Record<string, string>>
}

export const gatewayClientId = 'heirloom-gateway'

export function cliClientId(tenantId: string): string {
  return `heirloom-cli-${tenantId}`
}

// RS256 is the one algorithm that every OpenID provider must offer (OpenID Connect Core, 15.1),
// so what works against this provider works against a real one.
export async function createOidcSecrets(): Promise<OidcSecrets> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const clients = [gatewayClientId, ...demoTenants.map(({ tenantId }) => cliClientId(tenantId))]
  return {
    signingKey: {
      ...(await exportJWK(privateKey)),
      kid: randomSecret(9),
      alg: 'RS256',
      use: 'sig',
    },
    cookieKeys: [randomSecret()],
    clientSecrets: Object.fromEntries(clients.map((client) => [client, randomSecret()])),
  }
}
