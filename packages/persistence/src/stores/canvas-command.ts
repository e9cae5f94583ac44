/**
 * The commands that make up a canvas, numbered by revision, over a RecordTable (keys:
 * layouts/canvas-command.ts). One append is one transact in the canvas's partition: the head moves
 * from the expected revision to the next, the command is added at it, and the idempotency key
 * points to it. Before the first, the canvas is listed in its project, so that no canvas with
 * commands is ever missing from the list.
 *
 * Change feed: the log is its own outbox. `fed` says up to which revision the timeline has it, and
 * moves after the timeline was appended to, never before (at least once; the timeline's
 * idempotency makes it once).
 */
import { AppError } from '@heirloom/errors'
import { paddedNumber } from '../keys.js'
import { canvasCommandLayout } from '../layouts/canvas-command.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable, TableRecord, Write } from '../ports/record-table.js'
import type { CanvasCommand, CanvasCommandStore, NewCanvasCommand } from './canvas-command-types.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { identifier, jsonObject, wholeNumber } from './input.js'
import { jsonDigest } from './json-digest.js'
import { dateField, numberField, objectField, textField } from './record-fields.js'
import { readPage } from './record-page.js'

const { records } = canvasCommandLayout
export const canvasCommandKeys = {
  command: recordKeys(records.command),
  head: recordKeys(records.head),
  fed: recordKeys(records.fed),
  key: recordKeys(records.key),
  canvas: recordKeys(records.canvas),
}
const keys = canvasCommandKeys

const revisionDigits = 12
const maxRevision = 10 ** revisionDigits - 2
/** As few as one append of a stream takes on every backend. */
const feedBatch = 40

export function createCanvasCommandStore(
  table: RecordTable,
  scope: { readonly projectId: string },
  options: StoreOptions = {},
): CanvasCommandStore {
  const now = options.now ?? Date.now
  const project_id = identifier(scope.projectId, 'the project id')
  const canvasesPk = keys.canvas.pk({ project_id })
  const headSk = keys.head.sk({})
  const fedSk = keys.fed.sk({})

  function partition(canvasId: string): string {
    return keys.command.pk({ project_id, canvas_id: identifier(canvasId, 'the canvas id') })
  }

  async function byKey(pk: string, idempotencyKey: string): Promise<TableRecord | null> {
    return table.get(pk, keySk(idempotencyKey))
  }

  async function commandAt(pk: string, revision: number): Promise<CanvasCommand | null> {
    const record = await table.get(pk, commandSk(revision))
    return record === null ? null : readCommand(record)
  }

  async function appendedBefore(
    pk: string,
    command: NewCanvasCommand,
  ): Promise<CanvasCommand | null> {
    const marker = await byKey(pk, command.idempotencyKey)
    if (marker === null) return null
    if (textField(marker.value, 'digest') !== digest(command)) {
      throw new AppError(
        'IDEMPOTENCY_KEY_REUSED',
        'another command was appended with this idempotency key before',
      )
    }
    return commandAt(pk, numberField(marker.value, 'rev'))
  }

  async function list(canvasId: string): Promise<void> {
    const sk = keys.canvas.sk({ canvas_id: canvasId })
    await table.put(canvasesPk, sk, { canvas_id: canvasId })
  }

  async function replay(
    canvasId: string,
    afterRevision: number,
    limit: number,
  ): Promise<readonly CanvasCommand[]> {
    const pk = partition(canvasId)
    wholeNumber(afterRevision, 'the revision', 0, maxRevision)
    // No further than a head that was read first, and no further than a gap: a backend may show a
    // later record without an earlier one that is committed as well (`capabilities.pages`).
    const head = revisionOf(await table.get(pk, headSk))
    if (afterRevision >= head) return []
    const { records: found } = await table.query(pk, {
      prefix: keys.command.prefix({}),
      after: commandSk(afterRevision),
      before: commandSk(head + 1),
      limit,
    })
    const commands = found.map(readCommand)
    const gap = commands.findIndex(({ revision }, n) => revision !== afterRevision + n + 1)
    const whole = gap === -1 ? commands : commands.slice(0, gap)
    if (whole.length > 0) return whole
    const next = await commandAt(pk, afterRevision + 1)
    if (next !== null) return [next]
    throw new AppError('BACKEND_UNAVAILABLE', 'the canvas cannot be read without a gap; try again')
  }

  return {
    append: async (canvasId, given, expectedRevision) => {
      const pk = partition(canvasId)
      const command = checkCommand(given)
      const expected = wholeNumber(expectedRevision, 'the revision', 0, maxRevision)
      return untilWritten('this canvas', options.random, async () => {
        const head = await table.get(pk, headSk)
        const current = revisionOf(head)
        if (current !== expected) {
          const before = await appendedBefore(pk, command)
          if (before !== null) return before
          throw stale(expected, current)
        }
        if (head === null) await list(canvasId)
        const next = { ...command, canvasId, revision: current + 1, appendedAt: new Date(now()) }
        return (await tryTransact(table, pk, appendWrites(next, head, headSk)))
          ? next
          : appendedBefore(pk, command)
      })
    },
    head: async (canvasId) => revisionOf(await table.get(partition(canvasId), headSk)),
    replay,
    byIdempotencyKey: async (canvasId, idempotencyKey) => {
      const pk = partition(canvasId)
      const marker = await byKey(pk, idempotencyKey)
      return marker === null ? null : commandAt(pk, numberField(marker.value, 'rev'))
    },
    canvases: async (page) =>
      readPage(table, canvasesPk, { prefix: keys.canvas.prefix({}) }, page, ({ value }) =>
        textField(value, 'canvas_id'),
      ),
    feed: async (canvasId, append) => {
      const pk = partition(canvasId)
      let noted = 0
      for (;;) {
        const fed = await table.get(pk, fedSk)
        const commands = await replay(canvasId, revisionOf(fed), feedBatch)
        const last = commands.at(-1)
        if (last === undefined) return noted
        await append(commands)
        const expect = fed === null ? 'absent' : { version: fed.version }
        const note: Write = { op: 'put', sk: fedSk, value: { rev: last.revision }, expect }
        // Somebody else noted meanwhile: what is left is read anew.
        if (await tryTransact(table, pk, [note])) noted += commands.length
      }
    },
    onAppend: (canvasId, wake) => table.onChange(partition(canvasId), wake),
  }
}

function appendWrites(
  command: CanvasCommand,
  head: TableRecord | null,
  headSk: string,
): readonly Write[] {
  const { revision, idempotencyKey } = command
  return [
    {
      op: 'put',
      sk: headSk,
      value: { rev: revision },
      expect: head === null ? 'absent' : { version: head.version },
    },
    { op: 'put', sk: commandSk(revision), value: writeCommand(command), expect: 'absent' },
    {
      op: 'put',
      sk: keySk(idempotencyKey),
      value: { rev: revision, digest: digest(command) },
      expect: 'absent',
    },
  ]
}

function checkCommand(given: NewCanvasCommand): NewCanvasCommand {
  return {
    idempotencyKey: identifier(given.idempotencyKey, 'the idempotency key'),
    type: identifier(given.type, 'the type'),
    payload: jsonObject(given.payload, 'the payload'),
    actorId: identifier(given.actorId, 'the actor'),
  }
}

/** Who repeats may be somebody else: a client that took over. What is repeated must be the same. */
function digest({ type, payload }: NewCanvasCommand): string {
  return jsonDigest([type, payload])
}

function commandSk(revision: number): string {
  return keys.command.sk({ n: paddedNumber(revision, revisionDigits) })
}

function keySk(idempotencyKey: string): string {
  const idempotency_key = identifier(idempotencyKey, 'the idempotency key')
  return keys.key.sk({ idempotency_key })
}

function revisionOf(record: TableRecord | null): number {
  return record === null ? 0 : numberField(record.value, 'rev')
}

function writeCommand(command: CanvasCommand): JsonObject {
  return {
    canvas_id: command.canvasId,
    rev: command.revision,
    idempotency_key: command.idempotencyKey,
    type: command.type,
    payload: command.payload,
    actor_id: command.actorId,
    appended_at: command.appendedAt.toISOString(),
  }
}

function readCommand({ value }: TableRecord): CanvasCommand {
  return {
    canvasId: textField(value, 'canvas_id'),
    revision: numberField(value, 'rev'),
    idempotencyKey: textField(value, 'idempotency_key'),
    type: textField(value, 'type'),
    payload: objectField(value, 'payload'),
    actorId: textField(value, 'actor_id'),
    appendedAt: dateField(value, 'appended_at'),
  }
}

function stale(expected: number, current: number): AppError {
  return new AppError('STALE_REVISION', 'the canvas changed since it was read', {
    details: { expected, current },
  })
}
