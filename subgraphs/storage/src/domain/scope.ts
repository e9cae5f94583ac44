import type { Authorizer } from '@heirloom/authz'
import type { CursorCodec } from '@heirloom/streams'
import type { TenantContext } from '@heirloom/tenancy'
import type { Diagnostics } from './diagnostics.js'
import type { EventStreams, Legacies, Routes } from './ports.js'

/** What a use case works with: one caller, and everything bound to the caller's tenant. */
export interface Scope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly streams: EventStreams
  readonly legacies: Legacies
  readonly routes: Routes
  readonly diagnostics: Diagnostics
  readonly cursors: CursorCodec
  readonly now: () => number
  /** How long a subscription trusts that no news is no event. */
  readonly pollIntervalMs: number
}

/** kind:id, as events and audits name who acted. */
export function actorOf({ actor }: TenantContext): string {
  return `${actor.kind}:${actor.id}`
}
