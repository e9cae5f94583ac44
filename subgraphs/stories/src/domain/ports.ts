import type { LegacyVisibility, StoryState, StoryVisibility } from '@heirloom/authz'
import type { NewEvent } from '@heirloom/events'
import type { ActorId } from '@heirloom/tenancy'
import type {
  AccessReads,
  AccessWrites,
  InvitationReads,
  InvitationWrites,
} from './access-ports.js'
import type { LegacyId, RevisionId, StoryId } from './ids.js'
import type { Legacy } from './legacy.js'
import type { Page } from './page.js'
import type { Revision } from './revision.js'
import type { Story, StoryStatus } from './story.js'
import type { Tenant } from './tenant.js'
import type { User } from './user.js'

/**
 * The stories database, bound to the tenant of one request: no other tenant's row can be read or
 * written through it. Deleted stories and their revisions are found by no read.
 *
 * Every read outside `change` is one transaction of its own: two reads may see different moments.
 * Methods throw AppError BACKEND_UNAVAILABLE or TIMEOUT when the database fails them.
 */
export interface StoriesStore extends Reads {
  /**
   * One READ COMMITTED transaction: what `work` writes and announces commits together when it
   * resolves, and none of it when it throws.
   * @throws AppError CONFLICT when it was chosen to break a deadlock; nothing was written
   */
  change<T>(work: (changes: Changes) => Promise<T>): Promise<T>
}

export interface Reads {
  readonly tenants: TenantReads
  readonly users: UserReads
  readonly legacies: LegacyReads
  readonly stories: StoryReads
  readonly revisions: RevisionReads
  readonly access: AccessReads
  readonly invitations: InvitationReads
}

/** Reads see what this transaction wrote so far. */
export interface Changes extends Reads {
  readonly tenants: TenantReads & TenantWrites
  readonly users: UserReads & UserWrites
  readonly legacies: LegacyReads & LegacyWrites
  readonly stories: StoryReads & StoryWrites
  readonly revisions: RevisionReads & RevisionWrites
  readonly access: AccessReads & AccessWrites
  readonly invitations: InvitationReads & InvitationWrites
  /** Announces a change; the event leaves, at least once, after the transaction commits. */
  announce(event: NewEvent): Promise<void>
  /**
   * Runs `work` once per key, actor and operation, and remembers its result if the transaction
   * commits; a repeat returns that result, a simultaneous repeat waits for it. Without a key the
   * work simply runs. Each time it runs, the audit log is told by the operation, which is named
   * after its action, and by the result, which is the id of what was changed.
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the key came with other input before
   */
  once<Id extends string>(request: KeyedRequest, work: () => Promise<Id>): Promise<Id>
  /** Tells the audit log of what was done outside of `once`; the entry commits with it. */
  record(deed: Recorded): Promise<void>
}

export interface Recorded {
  readonly action: string
  readonly kind: 'User' | 'Invitation'
  readonly id: string
}

export interface KeyedRequest {
  readonly operation: string
  readonly key: string | null | undefined
  readonly input: unknown
}

export interface TenantReads {
  /** The tenant that the store is bound to; null until it was ensured once. */
  current(): Promise<Tenant | null>
}

export interface TenantWrites {
  /** Idempotent: a tenant that is there already stays as it is. */
  insertIfNew(tenant: Tenant): Promise<void>
}

export interface UserReads {
  /** In any order; unknown ids are left out. */
  byIds(ids: readonly ActorId[]): Promise<readonly User[]>
}

export interface UserWrites {
  /** Idempotent. The last name written wins. */
  upsert(user: User, now: Date): Promise<void>
}

export interface LegacyReads {
  /** In any order; unknown ids are left out. */
  byIds(ids: readonly LegacyId[]): Promise<readonly Legacy[]>
  bySlug(slug: string): Promise<Legacy | null>
  /** In order of ids. */
  page(page: Page<LegacyId>, visibility: LegacyVisibility): Promise<readonly Legacy[]>
}

export interface LegacyWrites {
  /** False, and nothing written, when the slug is taken. */
  insertUnlessSlugTaken(legacy: Legacy): Promise<boolean>
}

/** Every given field must match. Times are exclusive. */
export interface StoryFilter {
  readonly legacyId?: LegacyId
  readonly status?: StoryStatus
  readonly state?: StoryState
  readonly authorId?: ActorId
  readonly createdAfter?: Date
  readonly createdBefore?: Date
}

export interface StoryReads {
  /** In any order; what is unknown or not visible is left out. */
  byIds(ids: readonly StoryId[], visibility: StoryVisibility): Promise<readonly Story[]>
  /** In order of ids. */
  page(
    page: Page<StoryId>,
    filter: StoryFilter,
    visibility: StoryVisibility,
  ): Promise<readonly Story[]>
  /** The same page of each legacy in one query: by legacy, then in order of ids. */
  pageOfEach(
    legacies: readonly LegacyId[],
    page: Page<StoryId>,
    filter: StoryFilter,
    visibility: StoryVisibility,
  ): Promise<readonly Story[]>
}

export interface StoryWrites {
  /** Reads the story and keeps everybody else from changing it until the transaction ends. */
  lock(id: StoryId, visibility: StoryVisibility): Promise<Story | null>
  insert(story: Story): Promise<void>
  /** The story must be locked. */
  save(story: Story): Promise<void>
  /** Saves and leaves a tombstone: no read finds the story again. The story must be locked. */
  bury(story: Story): Promise<void>
}

export interface RevisionReads {
  /** In any order; what is unknown or not visible is left out. */
  byIds(ids: readonly RevisionId[], visibility: StoryVisibility): Promise<readonly Revision[]>
  /** The same page of each story in one query: by story, then by number. */
  pageOfEach(
    stories: readonly StoryId[],
    page: Page<number>,
    visibility: StoryVisibility,
  ): Promise<readonly Revision[]>
}

export interface RevisionWrites {
  /** Revisions are never changed or removed. */
  append(revision: Revision): Promise<void>
}
