/**
 * Chat threads of one project, in one mode, over a RecordTable (keys: layouts/chat.ts).
 *
 * A thread is claimed first, in the partition of its project's threads: its id belongs to the mode
 * that claims it, whichever backend keeps it. Then each message is one transact in the partition of
 * its thread: the head moves on (on condition that it is as the writer saw it), the message is
 * added, and with it how it is found by the client's id and by run.
 * Invariants: the order of timestamps, and so of ids, is the order of commits; a reader that goes
 * no further than a head it has read sees every message before it.
 *
 * A transient thread has one time at which all its records expire, so that none outlives another.
 */
import { AppError } from '@heirloom/errors'
import { chatLayout } from '../layouts/chat.js'
import { splitKey } from '../keys.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { RecordTable, TableRecord, Write } from '../ports/record-table.js'
import { createChatDeletion } from './chat-deletion.js'
import {
  chainDown,
  chainUp,
  messageDigest,
  readHead,
  readMessage,
  readSnapshot,
  readThread,
  writeHead,
  writeMessage,
  writeSnapshot,
  writeThread,
  type Chain,
  type ThreadHead,
} from './chat-records.js'
import {
  chatRoles,
  type ChatMessage,
  type ChatScope,
  type ChatSnapshot,
  type ChatStore,
  type ChatThread,
  type NewChatMessage,
} from './chat-types.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import {
  boundedText,
  expiry,
  identifier,
  jsonObject,
  oneOf,
  optionalIdentifier,
  optionalText,
} from './input.js'
import { numberField, textField } from './record-fields.js'
import { readPage, type Page, type PageRequest } from './record-page.js'
import { timedId, timeOfId, timestampPart } from './timed-id.js'

export const chatKeys = {
  message: recordKeys(chatLayout.records.message),
  head: recordKeys(chatLayout.records.head),
  client: recordKeys(chatLayout.records.client),
  run: recordKeys(chatLayout.records.run),
  snapshot: recordKeys(chatLayout.records.snapshot),
  thread: recordKeys(chatLayout.records.thread),
}

const maxContentLength = 200_000
const maxTitleLength = 500
const maxParallelReads = 8

interface KnownHead {
  readonly record: TableRecord
  readonly head: ThreadHead
}

export function createChatStore(
  table: RecordTable,
  scope: ChatScope,
  options: StoreOptions = {},
): ChatStore {
  const now = options.now ?? Date.now
  const { mode } = scope
  const projectId = identifier(scope.projectId, 'the project id')
  const threadsPk = chatKeys.thread.pk({ project_id: projectId })
  const headSk = chatKeys.head.sk({})

  function partition(threadId: string): string {
    return chatKeys.message.pk({
      mode,
      project_id: projectId,
      thread_id: identifier(threadId, 'the thread id'),
    })
  }

  async function knownHead(pk: string): Promise<KnownHead | null> {
    const record = await table.get(pk, headSk)
    const head = record === null ? null : readHead(record.value, mode)
    return record === null || head === null ? null : { record, head }
  }

  async function thread(threadId: string): Promise<ChatThread | null> {
    const sk = chatKeys.thread.sk({ thread_id: identifier(threadId, 'the thread id') })
    const record = await table.get(threadsPk, sk)
    return record === null ? null : readThread(record.value, mode)
  }

  /** The claim first and then the head: what is interrupted in between is completed next time. */
  async function start(threadId: string, wanted: ChatThread): Promise<ChatThread> {
    const pk = partition(threadId)
    const claimed = await claim(threadId, wanted)
    const head: ThreadHead = { timeMs: 0, deleting: false, expiresAt: claimed.expiresAt }
    const put = {
      value: writeHead(head, mode),
      expect: 'absent',
      expiresAt: head.expiresAt,
    } as const
    await tryTransact(table, pk, [{ op: 'put', sk: headSk, ...put }])
    const known = await knownHead(pk)
    if (known?.head.deleting === true) throw deleting()
    return claimed
  }

  async function claim(threadId: string, wanted: ChatThread): Promise<ChatThread> {
    const sk = chatKeys.thread.sk({ thread_id: threadId })
    const { expiresAt } = wanted
    return untilWritten('this thread', options.random, async () => {
      const value = writeThread(wanted, mode)
      const put: Write = { op: 'put', sk, value, expect: 'absent', expiresAt }
      if (await tryTransact(table, threadsPk, [put])) return wanted
      const record = await table.get(threadsPk, sk)
      if (record === null) return null
      const known = readThread(record.value, mode)
      if (known !== null) return known
      throw new AppError('CONFLICT', 'this thread id is used in another mode')
    })
  }

  async function tryAppend(
    threadId: string,
    known: KnownHead,
    given: NewChatMessage,
  ): Promise<ChatMessage | null> {
    const pk = partition(threadId)
    const { record, head } = known
    const timeMs = Math.max(now(), head.timeMs + 1)
    const message = newMessage(threadId, timeMs, given)
    const { expiresAt } = head
    const at = { timestamp: timestampPart(timeMs), message_id: message.id }
    const place = { ts: timeMs, message_id: message.id }
    const writes: Write[] = [
      {
        op: 'put',
        sk: headSk,
        value: writeHead({ ...head, timeMs }, mode),
        expect: { version: record.version },
        expiresAt,
      },
      {
        op: 'put',
        sk: chatKeys.message.sk(at),
        value: writeMessage(message, head.timeMs),
        expect: 'absent',
        expiresAt,
      },
    ]
    const { clientId, runId } = message
    if (runId !== null) {
      const sk = chatKeys.run.sk({ ...at, run_id: runId })
      writes.push({ op: 'put', sk, value: place, expiresAt })
    }
    if (clientId !== null) {
      const sk = chatKeys.client.sk({ client_id: clientId })
      const value = { ...place, digest: messageDigest(message) }
      writes.push({ op: 'put', sk, value, expect: 'absent', expiresAt })
    }
    return (await tryTransact(table, pk, writes)) ? message : null
  }

  async function storedBefore(
    threadId: string,
    given: NewChatMessage,
  ): Promise<ChatMessage | null> {
    const { clientId } = newMessage(threadId, 0, given)
    if (clientId === null) return null
    const pk = partition(threadId)
    const marker = await table.get(pk, chatKeys.client.sk({ client_id: clientId }))
    if (marker === null) return null
    if (textField(marker.value, 'digest') !== messageDigest(newMessage(threadId, 0, given))) {
      throw new AppError(
        'IDEMPOTENCY_KEY_REUSED',
        'another message was sent with this client id before',
      )
    }
    return at(pk, marker)
  }

  /** The message that an index record points to. */
  async function at(pk: string, index: TableRecord): Promise<ChatMessage | null> {
    const sk = chatKeys.message.sk({
      timestamp: timestampPart(numberField(index.value, 'ts')),
      message_id: textField(index.value, 'message_id'),
    })
    const record = await table.get(pk, sk)
    return record === null ? null : readMessage(record.value)
  }

  async function get(threadId: string, messageId: string): Promise<ChatMessage | null> {
    const timeMs = timeOfId(messageId)
    const pk = partition(threadId)
    if (timeMs === null || (await readable(pk)) === null) return null
    const sk = chatKeys.message.sk({ timestamp: timestampPart(timeMs), message_id: messageId })
    const record = await table.get(pk, sk)
    return record === null ? null : readMessage(record.value)
  }

  async function readable(pk: string): Promise<KnownHead | null> {
    const known = await knownHead(pk)
    return known === null || known.head.deleting ? null : known
  }

  async function listSnapshots(threadId: string, page: PageRequest): Promise<Page<ChatSnapshot>> {
    const pk = partition(threadId)
    if ((await readable(pk)) === null) return { items: [], next: null }
    const list = { prefix: chatKeys.snapshot.prefix({}), order: 'descending' } as const
    return readPage(table, pk, list, page, ({ value }) => readSnapshot(value))
  }

  return {
    startThread: async (threadId, { title, expiresAt } = {}) =>
      start(threadId, {
        id: identifier(threadId, 'the thread id'),
        title: optionalText(title, 'the title', maxTitleLength),
        startedAt: new Date(now()),
        expiresAt: expiry(expiresAt, now(), 'the expiry'),
      }),
    thread: async (threadId) => {
      const known = await thread(threadId)
      return known !== null && (await readable(partition(threadId))) !== null ? known : null
    },
    threads: async (page) =>
      readPage(table, threadsPk, { prefix: chatKeys.thread.prefix({}) }, page, ({ value }) =>
        readThread(value, mode),
      ),
    append: async (threadId, given) => {
      const pk = partition(threadId)
      newMessage(threadId, now(), given)
      return untilWritten('this thread', options.random, async () => {
        const known = await knownHead(pk)
        if (known === null) {
          const startedAt = new Date(now())
          await start(threadId, { id: threadId, title: null, startedAt, expiresAt: null })
          return null
        }
        if (known.head.deleting) throw deleting()
        return (await tryAppend(threadId, known, given)) ?? (await storedBefore(threadId, given))
      })
    },
    get,
    list: async (threadId, { newestFirst = false, ...page }) => {
      const pk = partition(threadId)
      const known = await readable(pk)
      if (known === null) return { items: [], next: null }
      const prefix = chatKeys.message.prefix({})
      const { timeMs } = known.head
      const before = prefix + timestampPart(timeMs + 1)
      const order = newestFirst ? 'descending' : 'ascending'
      const take = (records: readonly TableRecord[], last: string | null): Chain | null =>
        newestFirst
          ? chainDown(records, last === null ? timeMs : null)
          : chainUp(records, last === null ? 0 : timeOfKey(last), timeMs)
      return readPage(table, pk, { prefix, order, before, take }, page, ({ value }) =>
        readMessage(value),
      )
    },
    listByRun: async (threadId, runId, page) => {
      const pk = partition(threadId)
      if ((await readable(pk)) === null) return { items: [], next: null }
      const prefix = chatKeys.run.prefix({ run_id: identifier(runId, 'the run id') })
      const { items, next } = await readPage(table, pk, { prefix }, page, (record) => record)
      const messages: ChatMessage[] = []
      for (let first = 0; first < items.length; first += maxParallelReads) {
        const some = items.slice(first, first + maxParallelReads)
        const read = await Promise.all(some.map((index) => at(pk, index)))
        messages.push(...read.flatMap((message) => message ?? []))
      }
      return { items: messages, next }
    },
    saveSnapshot: async (threadId, { upToMessageId, state }) => {
      const pk = partition(threadId)
      jsonObject(state, 'the state')
      return untilWritten('this thread', options.random, async () => {
        const message = await get(threadId, upToMessageId)
        const known = await readable(pk)
        if (message === null || known === null) {
          throw new AppError('NOT_FOUND', 'there is no such message in this thread')
        }
        const takenAt = new Date(now())
        const id = timedId(takenAt.getTime())
        const snapshot: ChatSnapshot = { id, threadId, upToMessageId, takenAt, state }
        const { expiresAt } = known.head
        // The head is written as it is, so that no snapshot is left of a thread that was deleted.
        const { value, version } = known.record
        const timestamp = timestampPart(message.sentAt.getTime())
        const sk = chatKeys.snapshot.sk({ timestamp, snapshot_id: id })
        const written = await tryTransact(table, pk, [
          { op: 'put', sk: headSk, value, expect: { version }, expiresAt },
          { op: 'put', sk, value: writeSnapshot(snapshot), expect: 'absent', expiresAt },
        ])
        return written ? snapshot : null
      })
    },
    latestSnapshot: async (threadId) =>
      (await listSnapshots(threadId, { limit: 1 })).items[0] ?? null,
    snapshots: listSnapshots,
    deleteThread: async (threadId) => {
      const pk = partition(threadId)
      const claimSk = chatKeys.thread.sk({ thread_id: threadId })
      await createChatDeletion(table, mode, options).run({ pk, headSk, threadsPk, claimSk })
    },
  }
}

/** @throws AppError INVALID_INPUT */
function newMessage(threadId: string, timeMs: number, given: NewChatMessage): ChatMessage {
  const { data } = given
  return {
    id: timedId(timeMs),
    threadId,
    sentAt: new Date(timeMs),
    role: oneOf(chatRoles, given.role, 'the role'),
    authorId: optionalIdentifier(given.authorId, 'the author id'),
    content: boundedText(given.content, 'the content', maxContentLength),
    data: data === null || data === undefined ? null : jsonObject(data, 'the data'),
    runId: optionalIdentifier(given.runId, 'the run id'),
    clientId: optionalIdentifier(given.clientId, 'the client id'),
  }
}

/** @throws AppError CURSOR_INVALID for the key of no message, which only a forged token holds */
function timeOfKey(sk: string): number {
  const timeMs = timeOfId(splitKey(sk).at(-1) ?? '')
  if (timeMs !== null) return timeMs
  throw new AppError('CURSOR_INVALID', 'this page token was not given by this list')
}

function deleting(): AppError {
  return new AppError('CONFLICT', 'this thread is being deleted')
}
