import type { JWTPayload } from 'jose'
import {
  roles as knownRoles,
  tenantContext,
  type RequestSource,
  type Role,
  type TenantClaims,
  type TenantContext,
} from '@heirloom/tenancy'

/** Who a verified access token speaks for. Plain JSON: a session keeps it, encrypted. */
export interface Identity {
  readonly claims: TenantClaims
  /** When the access token that said so expires. */
  readonly expiresAtMs: number
}

/**
 * Reads the claims of a verified access token. The provider's `sub` becomes `user:<sub>`; a
 * client that acts for itself, or a `sub` of the form service:x, becomes a service. Roles that
 * are not ours are left out: providers put others beside them.
 * @throws AppError TOKEN_INVALID when a claim is missing or malformed
 */
export function identityOf(payload: JWTPayload): Identity {
  const claims: TenantClaims = {
    tenant_id: payload['tenant_id'],
    tenant_name: payload['tenant_name'],
    mode: payload['mode'],
    project_id: payload['project_id'],
    surface_id: payload['surface_id'],
    sub: actorOf(payload),
    name: payload['name'],
    email: payload['email_verified'] === true ? payload['email'] : undefined,
    plugin: payload['plugin'],
    roles: Array.isArray(payload['roles']) ? payload['roles'].filter(isOurs) : payload['roles'],
  }
  tenantContext({ ...claims, request_id: 'validation' })
  return { claims, expiresAtMs: (payload.exp ?? 0) * 1000 }
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

function actorOf(payload: JWTPayload): unknown {
  const { sub } = payload
  if (typeof sub !== 'string' || sub === '') return undefined
  if (sub.startsWith('service:')) return sub
  // RFC 9068, section 2.2: a token that a client got for itself has the client as its subject.
  const client = payload['client_id'] ?? payload['azp']
  return sub === client ? `service:${sub}` : `user:${sub}`
}

function isOurs(role: unknown): role is Role {
  return knownRoles.some((known) => known === role)
}
