import type { EventLog } from '@heirloom/streams'
import type { TenantContext } from '@heirloom/tenancy'
import type { RouteCandidate, RouteQuestion } from './route-selection.js'
import type { AuditPage } from './route-audit.js'
import type { Kept } from './retention.js'
import type { NewRoute, Route } from './route.js'
import type { NewStreamEvent, StreamEvent } from './stream-event.js'

/** The event streams of one tenant, wherever its routes say they are. */
export interface EventStreams {
  /**
   * A stream as a log to read; nothing is opened yet. Its methods throw ROUTE_NOT_CONFIGURED,
   * BACKEND_FORBIDDEN or BACKEND_UNAVAILABLE.
   */
  log(streamId: string): EventLog<StreamEvent>
  /**
   * Appends in the order given, all or none; an id that is there already is answered with the
   * event that is there.
   * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE, TIMEOUT, and what `log` throws
   */
  append(streamId: string, events: readonly NewStreamEvent[]): Promise<readonly StreamEvent[]>
  /**
   * Removes the oldest events that need not be kept, some thousands at most. Who follows from before
   * them is told CURSOR_EXPIRED. @throws AppError TIMEOUT, and what `log` throws
   */
  trim(streamId: string, kept: Kept): Promise<{ readonly removed: number; readonly more: boolean }>
}

/** Legacies live in another subgraph, which is asked as the caller. */
export interface Legacies {
  /** @throws AppError NOT_FOUND unless the caller may read the legacy, SUBGRAPH_UNAVAILABLE */
  require(legacyId: string): Promise<void>
}

/** The routing registry. What it hands out has its secrets redacted. */
export interface Routes {
  /** The environment whose routes are in force. */
  readonly env: string
  /** In the order of their ids. */
  list(): readonly Route[]
  /** @throws AppError ROUTE_NOT_CONFIGURED, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE */
  resolve(context: TenantContext, resourceKind: string, surfaceId: string | null): Route
  /** @throws AppError INVALID_INPUT, BACKEND_FORBIDDEN, BACKEND_UNAVAILABLE, ROUTE_AMBIGUOUS */
  save(route: NewRoute, by: string): Promise<Route>
  /** @throws AppError NOT_FOUND */
  delete(id: string, by: string): Promise<void>
  /** Kinds of data for which this caller's requests would find no route. */
  unrouted(context: TenantContext): readonly string[]
  /**
   * Every route of the kind, that which would be taken first; and why it would be refused, if it
   * would be. Opens nothing.
   */
  explain(question: RouteQuestion): {
    readonly candidates: readonly RouteCandidate[]
    readonly refusal: string | null
  }
  /** The audit trail, newest first. @throws AppError CURSOR_INVALID, BACKEND_UNAVAILABLE */
  audits(page: { readonly limit: number; readonly token: string | null }): Promise<AuditPage>
}
