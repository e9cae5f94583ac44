import { decodeJwt } from 'jose'
import type { ProviderConfig } from '../provider-config.js'
import { createOidcProvider, type OidcProvider } from './provider.js'

/** The identity providers that are configured, at least one. */
export interface Providers {
  readonly all: readonly OidcProvider[]
  /** Its subjects are the ids of their users. */
  readonly first: OidcProvider
  byId(id: string): OidcProvider | undefined
  byIssuer(issuer: unknown): OidcProvider | undefined
  /** Whose token this claims to be. Nothing of it is verified: the provider's keys decide. */
  claimedBy(token: string): OidcProvider | undefined
  /** Resolves when one of them can be reached; rejects when none can. */
  ready(): Promise<void>
}

export function createProviders(
  configs: readonly [ProviderConfig, ...ProviderConfig[]],
  now: () => number = Date.now,
): Providers {
  const first = createOidcProvider(configs[0], now)
  const all = [first, ...configs.slice(1).map((config) => createOidcProvider(config, now))]
  const byIssuer = (issuer: unknown): OidcProvider | undefined =>
    all.find(({ config }) => sameIssuer(config.issuer.href, issuer))

  return {
    all,
    first,
    byId: (id) => all.find(({ config }) => config.id === id),
    byIssuer,
    claimedBy: (token) => byIssuer(issuerIn(token)),
    ready: () => Promise.any(all.map((provider) => provider.ready())),
  }
}

/** A URL has a slash where an issuer may have none. */
function sameIssuer(configured: string, issuer: unknown): boolean {
  return typeof issuer === 'string' && issuer.replace(/\/$/, '') === configured.replace(/\/$/, '')
}

function issuerIn(token: string): unknown {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}
