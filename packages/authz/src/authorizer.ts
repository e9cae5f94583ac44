import type { TenantContext, TenantId } from '@heirloom/tenancy'

/** What somebody may do. Read actions are asked for every object that is handed out. */
export type Action =
  | 'legacy:read'
  | 'legacy:create'
  | 'story:read'
  | 'story:create'
  | 'story:update'
  | 'story:publish'
  | 'story:delete'
  | 'person:read'
  | 'person:write'
  | 'tree:import'
  | 'media:read'
  | 'media:write'
  | 'search:read'
  | 'stream:read'
  | 'stream:append'
  | 'route:read'
  | 'route:write'
  | 'plugin:read'
  | 'plugin:register'

/** The facts about a resource that policies may look at. */
export interface Resource {
  readonly kind: 'Tenant' | 'Legacy' | 'Story' | 'Person' | 'MediaAsset' | 'Stream' | 'Route' | 'Plugin'
  readonly id?: string
  /** The tenant whose data it is; null for what belongs to every tenant (a route for any tenant). */
  readonly tenantId: TenantId | null
  readonly authorId?: string
  readonly status?: 'DRAFT' | 'PUBLISHED'
}

export interface Authorizer {
  /** @throws AppError FORBIDDEN with a message that names the action */
  require(context: TenantContext, action: Action, resource: Resource): void
  /** The same question, answered instead of thrown. Lists are filtered with it, never failed. */
  allows(context: TenantContext, action: Action, resource: Resource): boolean
}

export function createAuthorizer(): Authorizer {
  throw new Error('being written')
}
