import type { ActorId, TenantId } from '@heirloom/tenancy'
import type { LegacyId, RevisionId, StoryId } from '../domain/ids.js'
import type { StoryStatus } from '../domain/story.js'

/** The tables of migrations/, as kysely types. */
export interface StoriesDatabase {
  tenant: TenantTable
  app_user: UserTable
  legacy: LegacyTable
  story: StoryTable
  revision: RevisionTable
}

interface TenantTable {
  readonly tenant_id: TenantId
  readonly name: string
  readonly created_at: Date
}

interface UserTable {
  readonly tenant_id: TenantId
  readonly user_id: ActorId
  readonly display_name: string
  readonly created_at: Date
}

export interface LegacyTable {
  readonly tenant_id: TenantId
  readonly legacy_id: LegacyId
  readonly slug: string
  readonly title: string
  readonly description: string | null
  readonly created_by: ActorId
  readonly created_at: Date
}

export interface StoryTable {
  readonly tenant_id: TenantId
  readonly story_id: StoryId
  readonly legacy_id: LegacyId
  readonly title: string
  readonly body: string
  readonly status: StoryStatus
  readonly revision: number
  readonly author_id: ActorId
  readonly created_at: Date
  readonly updated_at: Date
  readonly published_at: Date | null
  readonly deleted_at: Date | null
}

export interface RevisionTable {
  readonly tenant_id: TenantId
  readonly revision_id: RevisionId
  readonly story_id: StoryId
  readonly number: number
  readonly title: string
  readonly body: string
  readonly status: StoryStatus
  readonly author_id: ActorId
  readonly created_at: Date
}
