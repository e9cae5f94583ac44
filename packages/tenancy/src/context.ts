import { AppError } from '@heirloom/errors'
import { grantsClaim, readGrantsClaim, type Grants } from './grants.js'
import { tenantId, type ActorId, type TenantId } from './ids.js'
import { isPlainAddress, isPlainUserAgent, type RequestSource } from './source.js'

export const modes = ['saas', 'enterprise', 'system', 'lab'] as const
export type Mode = (typeof modes)[number]

export const roles = ['owner', 'editor', 'contributor', 'viewer', 'operator'] as const
/** Roles at tenant scope. `operator` runs the platform: it may change routes of any tenant. */
export type Role = (typeof roles)[number]

/** Who asks, and for which tenant. Built from verified claims and from nothing else. */
export interface TenantContext {
  readonly tenantId: TenantId
  /** As people call it; only the provider that signed them in knows. */
  readonly tenantName?: string
  readonly mode: Mode
  readonly projectId?: string
  readonly surfaceId?: string
  readonly actor: Actor
  /** The plugin through which the actor acts. */
  readonly plugin?: string
  readonly roles: readonly Role[]
  /** Roles below the tenant; absent where nobody asked for them, which is as good as none. */
  readonly grants?: Grants
  readonly requestId: string
  /** Unknown where no request of a client's is behind it. For records alone: no decision asks. */
  readonly source?: RequestSource
  /** W3C Trace Context, level 1, section 3.2. */
  readonly traceparent?: string
}

export interface Actor {
  readonly kind: 'user' | 'service' | 'plugin'
  readonly id: ActorId
  readonly name?: string
  /** An address that the identity provider verified. */
  readonly email?: string
}

/**
 * Claims of an internal token, as the gateway mints it and subgraphs read it.
 * `sub` is `kind:id`, for example `user:01H…`.
 */
export interface TenantClaims {
  readonly tenant_id?: unknown
  readonly tenant_name?: unknown
  readonly mode?: unknown
  readonly project_id?: unknown
  readonly surface_id?: unknown
  readonly sub?: unknown
  readonly name?: unknown
  readonly email?: unknown
  readonly plugin?: unknown
  readonly roles?: unknown
  readonly grants?: unknown
  readonly request_id?: unknown
  readonly source_ip?: unknown
  readonly user_agent?: unknown
  readonly traceparent?: unknown
}

/** @throws AppError TOKEN_INVALID when a claim is missing or malformed */
export function tenantContext(claims: TenantClaims): TenantContext {
  const tenantName = optionalText(claims.tenant_name, 'tenant_name')
  const projectId = optionalText(claims.project_id, 'project_id')
  const surfaceId = optionalText(claims.surface_id, 'surface_id')
  const plugin = optionalText(claims.plugin, 'plugin')
  const traceparent = optionalText(claims.traceparent, 'traceparent')
  const source = sourceOf(claims)
  return Object.freeze({
    tenantId: tenant(claims.tenant_id),
    mode: oneOf(modes, claims.mode, 'mode'),
    actor: actor(claims),
    roles: list(claims.roles).map((role) => oneOf(roles, role, 'roles')),
    requestId: text(claims.request_id, 'request_id'),
    ...(claims.grants === undefined ? {} : { grants: readGrantsClaim(claims.grants) }),
    ...(tenantName === undefined ? {} : { tenantName }),
    ...(projectId === undefined ? {} : { projectId }),
    ...(surfaceId === undefined ? {} : { surfaceId }),
    ...(plugin === undefined ? {} : { plugin }),
    ...(source === undefined ? {} : { source }),
    ...(traceparent === undefined ? {} : { traceparent }),
  })
}

/** The inverse of `tenantContext`: what the gateway signs. */
export function tenantClaims(context: TenantContext): Record<string, unknown> {
  return {
    tenant_id: context.tenantId,
    tenant_name: context.tenantName,
    mode: context.mode,
    project_id: context.projectId,
    surface_id: context.surfaceId,
    sub: `${context.actor.kind}:${context.actor.id}`,
    name: context.actor.name,
    email: context.actor.email,
    plugin: context.plugin,
    roles: context.roles,
    ...(context.grants === undefined ? {} : { grants: grantsClaim(context.grants) }),
    request_id: context.requestId,
    source_ip: context.source?.ip,
    user_agent: context.source?.userAgent,
    traceparent: context.traceparent,
  }
}

function actor(claims: TenantClaims): Actor {
  const [kind, ...rest] = text(claims.sub, 'sub').split(':')
  const id = rest.join(':')
  const name = optionalText(claims.name, 'name')
  if ((kind !== 'user' && kind !== 'service' && kind !== 'plugin') || id === '') {
    throw new AppError('TOKEN_INVALID', 'the token names no actor')
  }
  const email = optionalText(claims.email, 'email')
  return {
    kind,
    id: id as ActorId,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  }
}

function tenant(value: unknown): TenantId {
  try {
    return tenantId(text(value, 'tenant_id'))
  } catch (cause) {
    throw new AppError('TOKEN_INVALID', 'the token names no tenant', { cause })
  }
}

/** The gateway says nothing else: what does not look like it was not made there. */
function sourceOf(claims: TenantClaims): RequestSource | undefined {
  const ip = optionalText(claims.source_ip, 'source_ip')
  const userAgent = optionalText(claims.user_agent, 'user_agent')
  if (ip === undefined && userAgent === undefined) return undefined
  if (ip !== undefined && !isPlainAddress(ip)) throw unusable('source_ip')
  if (userAgent !== undefined && !isPlainUserAgent(userAgent)) throw unusable('user_agent')
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}

function text(value: unknown, claim: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw unusable(claim)
}

function optionalText(value: unknown, claim: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, claim)
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value as unknown[]
  throw unusable('roles')
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, claim: string): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  throw unusable(claim)
}

function unusable(claim: string): AppError {
  return new AppError('TOKEN_INVALID', `the token has no usable claim "${claim}"`)
}
