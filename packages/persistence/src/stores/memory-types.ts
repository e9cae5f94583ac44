import type { Mode } from '@heirloom/tenancy'
import type { JsonObject } from '../ports/record-table.js'
import { chatRoles } from './chat-types.js'
import type { Page, PageRequest } from './record-page.js'

/** Beside the tenant that the table is bound to. */
export interface MemoryScope {
  readonly mode: Mode
  readonly projectId: string
  readonly userId: string
}

export const memoryRoles = chatRoles

export interface NewMemoryMessage {
  readonly role: (typeof memoryRoles)[number]
  readonly content: string
  readonly metadata?: JsonObject | null
}

export interface MemoryMessage {
  readonly role: (typeof memoryRoles)[number]
  readonly content: string
  readonly metadata: JsonObject | null
  readonly at: Date
}

export interface SessionMemory {
  readonly sessionId: string
  readonly messages: readonly MemoryMessage[]
  readonly metadata: JsonObject
  /** How long it is kept after its last change; null: until it is deleted. */
  readonly ttlHintMs: number | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly expiresAt: Date | null
}

export interface SessionChanges {
  readonly metadata?: JsonObject
  readonly ttlHintMs?: number | null
}

export interface Blackboard {
  readonly key: string
  readonly data: JsonObject
  /** What the data is about, in the writer's words: a run, a team, a page. */
  readonly scope: string | null
  /** 1, 2, 3… with every write; a board that was deleted or has expired starts anew. */
  readonly revision: number
  readonly updatedAt: Date
  readonly updatedBy: string
  readonly expiresAt: Date | null
}

/**
 * Sessions belong to one user; blackboards are shared by the users of a project in a mode. Nothing
 * is shared between tenants, modes or projects.
 */
export interface MemoryStore {
  /**
   * Adds a message to a session, and begins the session if there is none. Atomic; concurrent ones
   * are all kept. Not idempotent. The ttl runs anew from now.
   * `keepLast` drops the oldest messages beyond so many.
   * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE when the session is full (a session is one
   *   record), TIMEOUT when too many writers contend
   */
  appendMessage(
    sessionId: string,
    message: NewMemoryMessage,
    options?: SessionChanges & { readonly keepLast?: number },
  ): Promise<SessionMemory>

  /** Replaces a session, or begins it. The last writer wins. Safe to repeat. */
  saveSession(
    sessionId: string,
    session: SessionChanges & { readonly messages: readonly NewMemoryMessage[] },
  ): Promise<SessionMemory>

  /** Null when there is none of this user, or it has expired. */
  session(sessionId: string): Promise<SessionMemory | null>

  /** Those of this user, by id. */
  sessions(page: PageRequest): Promise<Page<SessionMemory>>

  /** Safe to repeat. */
  deleteSession(sessionId: string): Promise<void>

  /**
   * Writes a blackboard, all of it. With an expectation (0: there is none) of several writers
   * exactly one succeeds; null overwrites.
   * @throws AppError STALE_REVISION with `details.expected` and `details.current`, INVALID_INPUT,
   *   PAYLOAD_TOO_LARGE, TIMEOUT
   */
  saveBlackboard(
    key: string,
    board: {
      readonly data: JsonObject
      readonly scope?: string | null
      readonly expiresAt?: Date | null
    },
    expectedRevision: number | null,
  ): Promise<Blackboard>

  blackboard(key: string): Promise<Blackboard | null>

  /** Those whose keys begin with the prefix, by key. */
  blackboards(prefix: string, page: PageRequest): Promise<Page<Blackboard>>

  /** Safe to repeat. */
  deleteBlackboard(key: string): Promise<void>
}
