import type { Mode } from '@heirloom/tenancy'
import type { JsonObject, TableRecord } from '../ports/record-table.js'
import { jsonDigest } from './json-digest.js'
import { oneOf } from './input.js'
import { chatRoles, type ChatMessage, type ChatSnapshot, type ChatThread } from './chat-types.js'
import {
  dateField,
  numberField,
  objectField,
  optionalDateField,
  optionalTextField,
  textField,
} from './record-fields.js'

/** `prevMs` is the time of the message before it, 0 for the first: messages are a chain. */
export function writeMessage(message: ChatMessage, prevMs: number): JsonObject {
  return {
    prev_ts: prevMs,
    message_id: message.id,
    thread_id: message.threadId,
    ts: message.sentAt.getTime(),
    role: message.role,
    author_id: message.authorId,
    content: message.content,
    data: message.data,
    run_id: message.runId,
    client_id: message.clientId,
  }
}

export function readMessage(value: JsonObject): ChatMessage {
  return {
    id: textField(value, 'message_id'),
    threadId: textField(value, 'thread_id'),
    sentAt: new Date(numberField(value, 'ts')),
    role: oneOf(chatRoles, textField(value, 'role'), 'the role'),
    authorId: optionalTextField(value, 'author_id'),
    content: textField(value, 'content'),
    data: (value['data'] ?? null) === null ? null : objectField(value, 'data'),
    runId: optionalTextField(value, 'run_id'),
    clientId: optionalTextField(value, 'client_id'),
  }
}

/**
 * A backend may show a later record without an earlier one that is committed as well
 * (`capabilities.pages`). So only records that follow on each other are handed out: `count` of them,
 * and `more` when others are known to come. Null when there is not even the first.
 */
export interface Chain {
  readonly count: number
  readonly more: boolean
}

/** The messages after the one of `fromMs`, up to the head's. */
export function chainUp(
  records: readonly TableRecord[],
  fromMs: number,
  headMs: number,
): Chain | null {
  let reached = fromMs
  let count = 0
  for (const { value } of records) {
    if (numberField(value, 'prev_ts') !== reached) break
    reached = numberField(value, 'ts')
    count += 1
  }
  const more = reached < headMs
  return count === 0 && more ? null : { count, more }
}

/** The messages from that of `fromMs` back to the first; null where to begin is not known. */
export function chainDown(records: readonly TableRecord[], fromMs: number | null): Chain | null {
  let expected = fromMs
  let count = 0
  for (const { value } of records) {
    if (expected !== null && numberField(value, 'ts') !== expected) break
    expected = numberField(value, 'prev_ts')
    count += 1
  }
  const more = expected !== null && expected > 0
  return count === 0 && more ? null : { count, more }
}

/** Equal for messages that say the same. */
export function messageDigest(message: ChatMessage): string {
  const { role, authorId, content, data, runId } = message
  return jsonDigest([role, authorId, content, data, runId])
}

export interface ThreadHead {
  /** Of the newest message; 0 when there is none. */
  readonly timeMs: number
  readonly deleting: boolean
  readonly expiresAt: Date | null
}

export function writeHead(head: ThreadHead, mode: Mode): JsonObject {
  return {
    mode,
    ts: head.timeMs,
    deleting: head.deleting,
    expires_at: head.expiresAt?.toISOString() ?? null,
  }
}

/** Null for a thread of another mode. */
export function readHead(value: JsonObject, mode: Mode): ThreadHead | null {
  if (textField(value, 'mode') !== mode) return null
  return {
    timeMs: numberField(value, 'ts'),
    deleting: value['deleting'] === true,
    expiresAt: optionalDateField(value, 'expires_at'),
  }
}

export function writeThread(thread: ChatThread, mode: Mode): JsonObject {
  return {
    thread_id: thread.id,
    mode,
    title: thread.title,
    started_at: thread.startedAt.toISOString(),
    expires_at: thread.expiresAt?.toISOString() ?? null,
  }
}

/** Null for a thread of another mode. */
export function readThread(value: JsonObject, mode: Mode): ChatThread | null {
  if (textField(value, 'mode') !== mode) return null
  return {
    id: textField(value, 'thread_id'),
    title: optionalTextField(value, 'title'),
    startedAt: dateField(value, 'started_at'),
    expiresAt: optionalDateField(value, 'expires_at'),
  }
}

export function writeSnapshot(snapshot: ChatSnapshot): JsonObject {
  return {
    snapshot_id: snapshot.id,
    thread_id: snapshot.threadId,
    up_to_message_id: snapshot.upToMessageId,
    taken_at: snapshot.takenAt.toISOString(),
    state: snapshot.state,
  }
}

export function readSnapshot(value: JsonObject): ChatSnapshot {
  return {
    id: textField(value, 'snapshot_id'),
    threadId: textField(value, 'thread_id'),
    upToMessageId: textField(value, 'up_to_message_id'),
    takenAt: dateField(value, 'taken_at'),
    state: objectField(value, 'state'),
  }
}
