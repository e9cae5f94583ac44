import type {
  ClientMetadata,
  Configuration,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider'
import type Provider from 'oidc-provider'
import { demoTenants } from '../demo-tenants.js'
import {
  accountBySubject,
  accountClaims,
  cliClaims,
  cliSubject,
  type HeirloomClaims,
} from './accounts.js'
import { cliClientId, gatewayClientId, type OidcSecrets } from './keys.js'
import { messagePage, signOutPage } from './pages.js'

/** The one resource that access tokens are made for (RFC 8707). */
export const apiResource = 'urn:heirloom:api'
const scopes = 'openid profile email offline_access'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
const ttl = {
  AccessToken: 10 * minute,
  AuthorizationCode: minute,
  ClientCredentials: hour,
  IdToken: hour,
  Interaction: hour,
  Session: 14 * day,
  Grant: 14 * day,
  RefreshToken: 14 * day,
}

const cliTenants = new Map(demoTenants.map((tenant) => [cliClientId(tenant.tenantId), tenant]))

export interface RedirectUris {
  /** Where the gateway takes authorization codes. */
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  /** Where the gateway takes logout tokens, when it is told of sign-outs here. */
  readonly backchannelLogoutUri?: string
}

export function providerConfiguration(secrets: OidcSecrets, uris: RedirectUris): Configuration {
  return {
    jwks: { keys: [secrets.signingKey] },
    cookies: { keys: [...secrets.cookieKeys] },
    clients: clients(secrets, uris),
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    scopes: scopes.split(' '),
    claims: {
      openid: ['sub', 'tenant_id', 'tenant_name', 'mode', 'roles'],
      profile: ['name'],
      email: ['email', 'email_verified'],
    },
    // The claims belong in the id token too, where the gateway reads them.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    ttl,
    clientBasedCORS: () => false,
    // Its own guard (`dispatcher`) lets it reach no loopback address, where the gateway is.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    findAccount: (_ctx, subject) => {
      const account = accountBySubject(subject)
      if (account === undefined) return undefined
      const claims = { sub: subject, ...accountClaims(account) }
      return { accountId: subject, claims: () => claims }
    },
    loadExistingGrant: grantEverything,
    extraTokenClaims: (_ctx, token) => {
      const claims = claimsOf('accountId' in token ? token.accountId : undefined, token.clientId)
      return claims === undefined ? undefined : { ...claims }
    },
    formats: {
      customizers: {
        jwt: (_ctx, token, jwt) => {
          if (token.kind === 'ClientCredentials') jwt.payload['sub'] = cliSubject
        },
      },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => apiResource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = signOutPage(form)
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = messagePage('Signed out', 'You may close this window.')
        },
      },
    },
    renderError: (ctx, out) => {
      ctx.type = 'html'
      ctx.body = messagePage('This did not work', out.error_description ?? out.error)
    },
  }
}

const resourceServer: ResourceServer = {
  audience: apiResource,
  scope: scopes,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
}

function clients(secrets: OidcSecrets, uris: RedirectUris): ClientMetadata[] {
  const gateway: ClientMetadata = {
    client_id: gatewayClientId,
    client_secret: secrets.clientSecrets[gatewayClientId] ?? '',
    redirect_uris: [...uris.redirectUris],
    post_logout_redirect_uris: [...uris.postLogoutRedirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    scope: scopes,
    ...(uris.backchannelLogoutUri === undefined
      ? {}
      : {
          backchannel_logout_uri: uris.backchannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
  }
  const machines = [...cliTenants.keys()].map((clientId): ClientMetadata => ({
    client_id: clientId,
    client_secret: secrets.clientSecrets[clientId] ?? '',
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
  }))
  return [gateway, ...machines]
}

function claimsOf(
  subject: string | undefined,
  clientId: string | undefined,
): HeirloomClaims | undefined {
  const tenant = cliTenants.get(clientId ?? '')
  if (tenant !== undefined) return cliClaims(tenant)
  const account = accountBySubject(subject ?? '')
  return account === undefined ? undefined : accountClaims(account)
}

// The one client is the product itself, so nobody is asked for consent.
async function grantEverything(
  ctx: KoaContextWithOIDC,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { client, provider, session } = ctx.oidc
  if (client === undefined || session?.accountId === undefined) return undefined
  const existing = session.grantIdFor(client.clientId)
  if (existing !== undefined) {
    const grant = await provider.Grant.find(existing)
    if (grant !== undefined) return grant
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
  grant.addOIDCScope(scopes)
  grant.addResourceScope(apiResource, scopes)
  await grant.save()
  return grant
}
