import type { Generated } from 'kysely'
import type { StoryLevel } from '@heirloom/authz'
import type { ActorId, MemberRole, TenantId } from '@heirloom/tenancy'
import type { InvitationId, LegacyId, RevisionId, StoryId } from '../domain/ids.js'
import type { Moderation, StoryStatus } from '../domain/story.js'

/** The tables of migrations/, as kysely types. */
export interface StoriesDatabase {
  tenant: TenantTable
  app_user: UserTable
  legacy: LegacyTable
  story: StoryTable
  revision: RevisionTable
  membership: MembershipTable
  role_grant: RoleGrantTable
  invitation: InvitationTable
}

interface TenantTable {
  readonly tenant_id: TenantId
  readonly name: string
  readonly created_at: Date
  /** A bigint, which the driver reads as text. */
  readonly access_version: Generated<string>
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
  readonly level: Generated<StoryLevel>
  readonly moderation: Moderation | null
  readonly moderation_note: string | null
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

export interface MembershipTable {
  readonly tenant_id: TenantId
  readonly user_id: ActorId
  readonly provider_role: MemberRole | null
  readonly granted_role: MemberRole | null
  readonly removed: Generated<boolean>
  readonly changed_by: ActorId | null
  readonly changed_at: Date
}

export interface RoleGrantTable {
  readonly tenant_id: TenantId
  readonly user_id: ActorId
  readonly scope_id: LegacyId | StoryId
  readonly legacy_id: LegacyId
  readonly story_id: StoryId | null
  readonly role: MemberRole
  readonly granted_by: ActorId
  readonly granted_at: Date
}

export interface InvitationTable {
  readonly tenant_id: TenantId
  readonly invitation_id: InvitationId
  readonly email: string
  readonly role: MemberRole
  readonly legacy_id: LegacyId | null
  readonly story_id: StoryId | null
  readonly secret_hash: Buffer
  readonly invited_by: ActorId
  readonly created_at: Date
  readonly expires_at: Date
  readonly accepted_by: ActorId | null
  readonly accepted_at: Date | null
  readonly revoked_at: Date | null
}
