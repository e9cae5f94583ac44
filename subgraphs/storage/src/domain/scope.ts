import type { Authorizer } from '@heirloom/authz'
import type { CursorCodec, StreamReaders } from '@heirloom/streams'
import type { TenantContext } from '@heirloom/tenancy'
import type { Diagnostics } from './backend-health.js'
import type { RouteMigrations } from './migration.js'
import type { EventStreams, Legacies, Routes } from './ports.js'
import type { FeedNotes } from './stores/feed-notes.js'
import type { Stores } from './stores/stores.js'
import type { PlacedEvent } from './stream-event.js'

/** What a use case works with: one caller, and everything bound to the caller's tenant. */
export interface Scope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly streams: EventStreams
  /** Each call of theirs is authorized. */
  readonly stores: Stores
  readonly feedNotes: FeedNotes
  readonly legacies: Legacies
  readonly routes: Routes
  readonly migrations: RouteMigrations
  readonly diagnostics: Diagnostics
  readonly cursors: CursorCodec
  readonly now: () => number
  /** For the log: something that failed without making the request fail. */
  readonly report: (error: unknown, what: string) => void
  /** Of the whole process: what one tenant follows is read once for all its callers. */
  readonly readers: StreamReaders<PlacedEvent>
  /** How long a subscription may go on before its caller is authorised anew. */
  readonly subscriptionLifeMs: number
}

/** kind:id, as events and audits name who acted. */
export function actorOf({ actor }: TenantContext): string {
  return `${actor.kind}:${actor.id}`
}

/** Where the things of callers lie whose token names no project. */
const noProject = 'default'

export function projectOf({ projectId }: Pick<TenantContext, 'projectId'>): string {
  return projectId ?? noProject
}
