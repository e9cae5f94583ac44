import type { JsonObject } from '../ports/record-table.js'
import { oneOf } from './input.js'
import {
  memoryRoles,
  type Blackboard,
  type MemoryMessage,
  type MemoryScope,
  type SessionMemory,
} from './memory-types.js'
import {
  dateField,
  numberField,
  objectField,
  objectsField,
  optionalDateField,
  optionalNumberField,
  optionalTextField,
  textField,
} from './record-fields.js'

export function writeSession(session: SessionMemory, scope: MemoryScope): JsonObject {
  return {
    mode: scope.mode,
    project_id: scope.projectId,
    user_id: scope.userId,
    session_id: session.sessionId,
    messages: session.messages.map((message) => ({
      role: message.role,
      content: message.content,
      metadata: message.metadata,
      at: message.at.toISOString(),
    })),
    metadata: session.metadata,
    ttl_hint_ms: session.ttlHintMs,
    created_at: session.createdAt.toISOString(),
    updated_at: session.updatedAt.toISOString(),
    expires_on: session.expiresAt?.toISOString() ?? null,
  }
}

export function readSession(value: JsonObject): SessionMemory {
  return {
    sessionId: textField(value, 'session_id'),
    messages: objectsField(value, 'messages').map(readMessage),
    metadata: objectField(value, 'metadata'),
    ttlHintMs: optionalNumberField(value, 'ttl_hint_ms'),
    createdAt: dateField(value, 'created_at'),
    updatedAt: dateField(value, 'updated_at'),
    expiresAt: optionalDateField(value, 'expires_on'),
  }
}

function readMessage(value: JsonObject): MemoryMessage {
  return {
    role: oneOf(memoryRoles, textField(value, 'role'), 'the role'),
    content: textField(value, 'content'),
    metadata: (value['metadata'] ?? null) === null ? null : objectField(value, 'metadata'),
    at: dateField(value, 'at'),
  }
}

export function writeBlackboard(board: Blackboard, scope: MemoryScope): JsonObject {
  return {
    mode: scope.mode,
    project_id: scope.projectId,
    key: board.key,
    data: board.data,
    scope: board.scope,
    revision: board.revision,
    updated_at: board.updatedAt.toISOString(),
    updated_by: board.updatedBy,
    expires_on: board.expiresAt?.toISOString() ?? null,
  }
}

export function readBlackboard(value: JsonObject): Blackboard {
  return {
    key: textField(value, 'key'),
    data: objectField(value, 'data'),
    scope: optionalTextField(value, 'scope'),
    revision: numberField(value, 'revision'),
    updatedAt: dateField(value, 'updated_at'),
    updatedBy: textField(value, 'updated_by'),
    expiresAt: optionalDateField(value, 'expires_on'),
  }
}
