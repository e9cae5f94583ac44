/**
 * What agents remember, over a RecordTable (keys: layouts/memory.ts): sessions of one user, each a
 * single record, and blackboards shared by a project. Tenant, mode, project and, for sessions, user
 * are parts of the key, so no id reaches across them.
 */
import { AppError } from '@heirloom/errors'
import { memoryLayout } from '../layouts/memory.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { RecordTable, TableRecord } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import {
  boundedText,
  expiry,
  identifier,
  invalid,
  jsonObject,
  oneOf,
  optionalText,
  wholeNumber,
} from './input.js'
import { readBlackboard, readSession, writeBlackboard, writeSession } from './memory-records.js'
import {
  memoryRoles,
  type Blackboard,
  type MemoryMessage,
  type MemoryScope,
  type MemoryStore,
  type NewMemoryMessage,
  type SessionChanges,
  type SessionMemory,
} from './memory-types.js'
import { readPage } from './record-page.js'

export const memoryKeys = {
  session: recordKeys(memoryLayout.records.session),
  blackboard: recordKeys(memoryLayout.records.blackboard),
}
const keys = memoryKeys

const maxContentLength = 100_000
const maxMessages = 10_000
const maxScopeLength = 256
const maxTtlMs = 10 * 366 * 24 * 3_600_000

export function createMemoryStore(
  table: RecordTable,
  given: MemoryScope,
  options: StoreOptions = {},
): MemoryStore {
  const now = options.now ?? Date.now
  const scope: MemoryScope = {
    mode: given.mode,
    projectId: identifier(given.projectId, 'the project id'),
    userId: identifier(given.userId, 'the user id'),
  }
  const place = { mode: scope.mode, project_id: scope.projectId }
  const sessionsPk = keys.session.pk(place)
  const boardsPk = keys.blackboard.pk(place)

  function sessionSk(sessionId: string): string {
    const session_id = identifier(sessionId, 'the session id')
    return keys.session.sk({ user_id: scope.userId, session_id })
  }

  function boardSk(key: string): string {
    return keys.blackboard.sk({ key: identifier(key, 'the key') })
  }

  /** As the session will be, given what it was. */
  function nextSession(
    sessionId: string,
    before: SessionMemory | null,
    messages: readonly MemoryMessage[],
    changes: SessionChanges,
  ): SessionMemory {
    const updatedAt = new Date(now())
    const { metadata, ttlHintMs } = changes
    const ttl = ttlHintMs === undefined ? (before?.ttlHintMs ?? null) : ttlHintMs
    if (ttl !== null) wholeNumber(ttl, 'the ttl in milliseconds', 1, maxTtlMs)
    return {
      sessionId,
      messages,
      metadata:
        metadata === undefined ? (before?.metadata ?? {}) : jsonObject(metadata, 'metadata'),
      ttlHintMs: ttl,
      createdAt: before?.createdAt ?? updatedAt,
      updatedAt,
      expiresAt: ttl === null ? null : new Date(updatedAt.getTime() + ttl),
    }
  }

  async function trySave(
    sk: string,
    session: SessionMemory,
    found: TableRecord | null,
  ): Promise<SessionMemory | null> {
    const value = writeSession(session, scope)
    const expect = found === null ? 'absent' : { version: found.version }
    const { expiresAt } = session
    const written = await tryTransact(table, sessionsPk, [
      { op: 'put', sk, value, expect, expiresAt },
    ])
    return written ? session : null
  }

  async function changeSession(
    sessionId: string,
    changes: SessionChanges,
    next: (before: SessionMemory | null) => readonly MemoryMessage[],
  ): Promise<SessionMemory> {
    const sk = sessionSk(sessionId)
    return untilWritten('this session', options.random, async () => {
      const found = await table.get(sessionsPk, sk)
      const before = found === null ? null : readSession(found.value)
      return trySave(sk, nextSession(sessionId, before, next(before), changes), found)
    })
  }

  return {
    appendMessage: async (sessionId, message, { keepLast = maxMessages, ...changes } = {}) => {
      wholeNumber(keepLast, 'keepLast', 1, maxMessages)
      const added = checkMessage(message, now())
      return changeSession(sessionId, changes, (before) =>
        [...(before?.messages ?? []), added].slice(-keepLast),
      )
    },
    saveSession: async (sessionId, { messages, ...changes }) => {
      if (!Array.isArray(messages) || messages.length > maxMessages) {
        throw invalid(`a session has at most ${maxMessages} messages`)
      }
      const checked = messages.map((message: NewMemoryMessage) => checkMessage(message, now()))
      return changeSession(sessionId, changes, () => checked)
    },
    session: async (sessionId) => {
      const record = await table.get(sessionsPk, sessionSk(sessionId))
      return record === null ? null : readSession(record.value)
    },
    sessions: async (page) => {
      const prefix = keys.session.prefix({ user_id: scope.userId })
      return readPage(table, sessionsPk, { prefix }, page, ({ value }) => readSession(value))
    },
    deleteSession: async (sessionId) => {
      await table.delete(sessionsPk, sessionSk(sessionId))
    },

    saveBlackboard: async (key, board, expectedRevision) => {
      const sk = boardSk(key)
      const checked = {
        key,
        data: jsonObject(board.data, 'the data'),
        scope: optionalText(board.scope, 'the scope', maxScopeLength),
        expiresAt: expiry(board.expiresAt, now(), 'the expiry'),
        updatedBy: scope.userId,
      }
      return untilWritten('this blackboard', options.random, async () => {
        const found = await table.get(boardsPk, sk)
        const current = found === null ? 0 : readBlackboard(found.value).revision
        if (expectedRevision !== null && expectedRevision !== current) {
          throw stale(expectedRevision, current)
        }
        const saved: Blackboard = {
          ...checked,
          revision: current + 1,
          updatedAt: new Date(now()),
        }
        const value = writeBlackboard(saved, scope)
        const expect = found === null ? 'absent' : { version: found.version }
        const { expiresAt } = saved
        return (await tryTransact(table, boardsPk, [{ op: 'put', sk, value, expect, expiresAt }]))
          ? saved
          : null
      })
    },
    blackboard: async (key) => {
      const record = await table.get(boardsPk, boardSk(key))
      return record === null ? null : readBlackboard(record.value)
    },
    blackboards: async (prefix, page) => {
      const list = { prefix: boundedText(prefix, 'the prefix', maxScopeLength) }
      return readPage(table, boardsPk, list, page, ({ value }) => readBlackboard(value))
    },
    deleteBlackboard: async (key) => {
      await table.delete(boardsPk, boardSk(key))
    },
  }
}

function checkMessage(given: NewMemoryMessage, timeMs: number): MemoryMessage {
  const { metadata } = given
  return {
    role: oneOf(memoryRoles, given.role, 'the role'),
    content: boundedText(given.content, 'the content', maxContentLength),
    metadata: metadata === null || metadata === undefined ? null : jsonObject(metadata, 'metadata'),
    at: new Date(timeMs),
  }
}

function stale(expected: number, current: number): AppError {
  return new AppError('STALE_REVISION', 'the blackboard changed since it was read', {
    details: { expected, current },
  })
}
