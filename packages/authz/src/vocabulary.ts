import type { TenantId } from '@heirloom/tenancy'

export const actions = [
  'legacy:read',
  'legacy:create',
  'story:read',
  'story:create',
  'story:update',
  'story:publish',
  'story:delete',
  'person:read',
  'person:write',
  'tree:import',
  'media:read',
  'media:write',
  'search:read',
  'stream:read',
  'stream:append',
  'route:read',
  'route:write',
  'plugin:read',
  'plugin:register',
  'audit:read',
  'chat:read',
  'chat:write',
  'chat:delete',
  'config:read',
  'config:write',
  'system-config:read',
  'system-config:write',
  'firearms:read',
  'firearms:write',
  'firearms:decide',
  'strategy:read',
  'strategy:write',
  'canvas:read',
  'canvas:append',
  'table:read',
  'table:write',
  'memory:read',
  'memory:write',
  'metric:read',
  'metric:record',
  'attribution:read',
  'attribution:write',
  'budget:read',
  'budget:write',
  'budget:spend',
  'seo:read',
  'seo:write',
  'media-output:read',
  'media-output:write',
  'document:read',
  'document:write',
  'user:read',
  'user:write',
  'revocation:read',
  'revocation:write',
] as const
/** What somebody may do. Read actions are asked for every object that is handed out. */
export type Action = (typeof actions)[number]

/** The facts about a resource that policies may look at. */
export interface Resource {
  readonly kind:
    | 'Tenant'
    | 'Legacy'
    | 'Story'
    | 'Person'
    | 'MediaAsset'
    | 'Stream'
    | 'Route'
    | 'Plugin'
    /** One of the routed stores: chats, config, tables, documents… */
    | 'Store'
  /** For the reader of a log; no policy looks at it. */
  readonly id?: string
  /** The tenant whose data it is; null for what belongs to every tenant (a route for any tenant). */
  readonly tenantId: TenantId | null
  readonly authorId?: string
  readonly status?: 'DRAFT' | 'PUBLISHED'
}
