import type { Mode } from '@heirloom/tenancy'
import type { JsonObject } from '../ports/record-table.js'
import type { Page, PageRequest } from './record-page.js'

export const chatRoles = ['user', 'assistant', 'system', 'tool'] as const
export type ChatRole = (typeof chatRoles)[number]

export interface NewChatMessage {
  readonly role: ChatRole
  /** kind:id of who wrote it. */
  readonly authorId: string | null
  readonly content: string
  /** Attachments, tool calls and the like. */
  readonly data?: JsonObject | null
  /** The run of an agent that wrote it. */
  readonly runId?: string | null
  /** The writer's own id for it: repeated with the same id, it is stored once. */
  readonly clientId?: string | null
}

export interface ChatMessage {
  /** A ULID; in order of append within the thread. */
  readonly id: string
  readonly threadId: string
  readonly sentAt: Date
  readonly role: ChatRole
  readonly authorId: string | null
  readonly content: string
  readonly data: JsonObject | null
  readonly runId: string | null
  readonly clientId: string | null
}

export interface ChatThread {
  readonly id: string
  readonly title: string | null
  readonly startedAt: Date
  /** When all of it vanishes; null for a thread that stays. */
  readonly expiresAt: Date | null
}

export interface ChatSnapshot {
  readonly id: string
  readonly threadId: string
  /** The last message that it includes. */
  readonly upToMessageId: string
  readonly takenAt: Date
  readonly state: JsonObject
}

export interface ChatStore {
  /**
   * Starts a thread, or returns it as it was started. Safe to repeat. Appending starts a thread too,
   * one that stays.
   * @throws AppError INVALID_INPUT, CONFLICT for an id that another mode uses, or that is being
   *   deleted
   */
  startThread(
    threadId: string,
    options?: { readonly title?: string | null; readonly expiresAt?: Date | null },
  ): Promise<ChatThread>

  /** Null when there is none, or it has expired. */
  thread(threadId: string): Promise<ChatThread | null>

  /** The threads of the project in the order of their ids. A page may have fewer than asked for. */
  threads(page: PageRequest): Promise<Page<ChatThread>>

  /**
   * Adds a message after all that are there. Atomic, durable when resolved. With a `clientId` safe
   * to repeat: the stored message is returned. Without one, a repetition is a second message.
   * @throws AppError INVALID_INPUT, PAYLOAD_TOO_LARGE, CONFLICT (see `startThread`),
   *   IDEMPOTENCY_KEY_REUSED for the clientId of a message that says something else, TIMEOUT when
   *   too many writers contend
   */
  append(threadId: string, message: NewChatMessage): Promise<ChatMessage>

  get(threadId: string, messageId: string): Promise<ChatMessage | null>

  /**
   * Messages in order of append, or the newest first. Pages together show every message that was
   * there when the last was read, except that `newest first` shows none that came after its start.
   * @throws AppError CURSOR_INVALID, INVALID_INPUT
   */
  list(
    threadId: string,
    page: PageRequest & { readonly newestFirst?: boolean },
  ): Promise<Page<ChatMessage>>

  /** The messages of the thread that one run wrote, in order of append. */
  listByRun(threadId: string, runId: string, page: PageRequest): Promise<Page<ChatMessage>>

  /**
   * Keeps what a thread amounts to up to a message. Not idempotent.
   * @throws AppError NOT_FOUND when there is no such message
   */
  saveSnapshot(
    threadId: string,
    snapshot: { readonly upToMessageId: string; readonly state: ChatSnapshot['state'] },
  ): Promise<ChatSnapshot>

  /** The one that reaches furthest, and of these the newest; null when there is none. */
  latestSnapshot(threadId: string): Promise<ChatSnapshot | null>

  /** Those that reach furthest first. */
  snapshots(threadId: string, page: PageRequest): Promise<Page<ChatSnapshot>>

  /**
   * Removes a thread with everything in it. Gone for readers from the first moment; the removal
   * itself is not atomic: interrupted, it must be repeated before the id can be used again.
   */
  deleteThread(threadId: string): Promise<void>
}

export interface ChatScope {
  readonly mode: Mode
  readonly projectId: string
}
