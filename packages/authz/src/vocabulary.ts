import type { TenantId } from '@heirloom/tenancy'

export const actions = [
  'access:read',
  'access:write',
  'access:explain',
  'directory:read',
  'legacy:read',
  'legacy:create',
  'story:read',
  'story:create',
  'story:update',
  'story:submit',
  'story:publish',
  'story:moderate',
  'story:share',
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

/** Where a story stands between its author and its readers. */
export const storyStates = ['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'REJECTED', 'HIDDEN'] as const
export type StoryState = (typeof storyStates)[number]

/** Who reads a story once it is published: those it is shared with, the legacy's, or all members. */
export const storyLevels = ['PRIVATE', 'LEGACY', 'TENANT'] as const
export type StoryLevel = (typeof storyLevels)[number]

export const resourceKinds = [
  'Tenant',
  'Legacy',
  'Story',
  'Person',
  'MediaAsset',
  'Stream',
  'Route',
  'Plugin',
  /** One of the routed stores: chats, config, tables, documents… */
  'Store',
] as const

/** The facts about a resource that policies may look at. */
export interface Resource {
  readonly kind: (typeof resourceKinds)[number]
  /** For the reader of a log; no policy looks at it. */
  readonly id?: string
  /** The tenant whose data it is; null for what belongs to every tenant (a route for any tenant). */
  readonly tenantId: TenantId | null
  /** The legacy that it is or belongs to; roles held there count. */
  readonly legacyId?: string
  /** The story that it is or belongs to; roles held there count. */
  readonly storyId?: string
  readonly authorId?: string
  readonly status?: StoryState
  /** Of a story; TENANT unless it says otherwise. */
  readonly level?: StoryLevel
}
