import type { JWTPayload } from 'jose'
import { AppError } from '@heirloom/errors'
import {
  roles as knownRoles,
  tenantContext,
  type RequestSource,
  type Role,
  type TenantClaims,
  type TenantContext,
} from '@heirloom/tenancy'
import type { ProviderConfig } from '../provider-config.js'

/** Who a verified access token speaks for. Plain JSON: a session keeps it, encrypted. */
export interface Identity {
  readonly claims: TenantClaims
  /** Who vouches, and what it calls whom it vouches for. */
  readonly issuer: string
  readonly subject: string
  /** When the access token that said so expires. */
  readonly expiresAtMs: number
}

/** What a verified access token says, before it is known which user that is. */
export interface Vouched {
  readonly kind: 'user' | 'service'
  readonly subject: string
  readonly claims: TenantClaims
}

/**
 * Reads the claims of a verified access token. A client that acts for itself, or a `sub` of the
 * form service:x, is a service, all others are users. Roles that are not ours are left out:
 * providers put others beside them.
 * @throws AppError TOKEN_INVALID when a claim is missing or malformed; FORBIDDEN for a tenant that
 * the provider may not speak for
 */
export function vouchedBy(payload: JWTPayload, config: ProviderConfig): Vouched {
  const said = { ...payload, ...renamed(payload, config.claims), ...config.fixedClaims }
  const subject = typeof payload.sub === 'string' ? payload.sub : ''
  const kind = isService(payload) ? 'service' : 'user'
  const claims: TenantClaims = {
    tenant_id: said['tenant_id'],
    tenant_name: said['tenant_name'],
    mode: said['mode'],
    project_id: said['project_id'],
    surface_id: said['surface_id'],
    sub: `${kind}:${subject.replace(/^service:/, '')}`,
    name: said['name'],
    email: said['email_verified'] === true ? said['email'] : undefined,
    plugin: said['plugin'],
    roles: rolesIn(said['roles']),
  }
  const { tenantId } = tenantContext({ ...claims, request_id: 'validation' })
  if (config.tenants?.includes(tenantId) === false) {
    throw new AppError('FORBIDDEN', 'this identity provider does not speak for that tenant')
  }
  return { kind, subject, claims }
}

/** The roles that hold, instead of those that the identity provider gives, and those below them. */
export type ActorAccess = Required<Pick<TenantContext, 'roles' | 'grants'>>

/** The context of one request: who asks, from where, and the ids of its traces and logs. */
export function contextOf(
  identity: Identity,
  request: { readonly requestId: string; readonly traceparent: string },
  source: RequestSource,
  access?: ActorAccess,
): TenantContext {
  const context = tenantContext({
    ...identity.claims,
    request_id: request.requestId,
    traceparent: request.traceparent,
    source_ip: source.ip,
    user_agent: source.userAgent,
  })
  return access === undefined ? context : { ...context, ...access }
}

/** Whether two identities may see and do the same. */
export function isSameIdentity(a: Identity, b: Identity): boolean {
  return JSON.stringify(a.claims) === JSON.stringify(b.claims)
}

/** The user's id; undefined for a service. */
export function userIdIn({ claims }: Identity): string | undefined {
  return /^user:(.*)$/s.exec(String(claims.sub))?.[1]
}

function isService(payload: JWTPayload): boolean {
  const { sub } = payload
  if (sub === undefined) return false
  // RFC 9068, section 2.2: a token that a client got for itself has the client as its subject.
  return sub.startsWith('service:') || sub === (payload['client_id'] ?? payload['azp'])
}

function renamed(
  payload: JWTPayload,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(names).map(([ours, theirs]) => [ours, claimAt(payload, theirs)]),
  )
}

/** By its name, or by a path such as Keycloak's realm_access.roles. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  let value: unknown = payload
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

/** Some providers can only say a list as text. */
function rolesIn(said: unknown): unknown {
  const list = typeof said === 'string' ? said.split(/[\s,]+/) : said
  return Array.isArray(list) ? list.filter(isOurs) : list
}

function isOurs(role: unknown): role is Role {
  return knownRoles.some((known) => known === role)
}
