/**
 * Commands of canvases, and their way into the canvas's stream: the canvas is its own outbox.
 *
 * Phases of an append: note that the canvas may have something to tell; append the command; tell the
 * stream of every command that it lacks; forget the note.
 * Invariant: as long as a stream lacks a command of its canvas, there is a note of that canvas. The
 * note is durable before the command is, each append has a note of its own, and it is forgotten by
 * its writer alone, after telling, or when it is certain that nothing was appended. A process that
 * dies anywhere in between leaves its note, and workers/canvas-feeder.ts tells what is missing.
 * So the stream has every command, at least once; that it has it only once, and in the order of the
 * revisions, is the stream's idempotency: the id of the event is the revision.
 */
import { AppError, hasCode, type ErrorCode } from '@heirloom/errors'
import type { CanvasCommand, NewCanvasCommand } from '@heirloom/persistence'
import { projectOf, type Scope } from '../scope.js'
import { canvasStream } from '../stream-id.js'
import type { FeedNote } from './feed-notes.js'
import { tellCommands } from './tell-commands.js'

export interface Canvas {
  readonly id: string
  /** Where its commands are told of. */
  readonly streamId: string
}

// What may stand in the id of a stream, without `/`: so no two canvases share one.
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/

/** Said before anything is written. */
const certainRefusals: readonly ErrorCode[] = [
  'STALE_REVISION',
  'IDEMPOTENCY_KEY_REUSED',
  'INVALID_INPUT',
  'PAYLOAD_TOO_LARGE',
  'FORBIDDEN',
  'ROUTE_NOT_CONFIGURED',
  'BACKEND_FORBIDDEN',
]

/** @throws AppError INVALID_INPUT */
export function canvasOf({ tenant }: Scope, id: string): Canvas {
  const projectId = projectOf(tenant)
  if (!namePattern.test(id) || !namePattern.test(projectId)) {
    throw new AppError(
      'INVALID_INPUT',
      'a canvas, and its project, is named by at most 100 letters, digits and . _ : -',
    )
  }
  return { id, streamId: canvasStream(projectId, id) }
}

/**
 * Appends a command, and tells of it on the canvas's stream. The command counts when it is on the
 * canvas: telling is tried at once, and when that fails, again later.
 * @throws AppError STALE_REVISION, IDEMPOTENCY_KEY_REUSED, INVALID_INPUT, PAYLOAD_TOO_LARGE,
 *   FORBIDDEN, and what opening a store throws
 */
export async function appendCanvasCommand(
  scope: Scope,
  canvasId: string,
  command: Omit<NewCanvasCommand, 'actorId'>,
  expectedRevision: number,
  actorId: string,
): Promise<CanvasCommand> {
  const { id, streamId } = canvasOf(scope, canvasId)
  const { tenant, authorizer, streams } = scope
  authorizer.require(tenant, 'canvas:append', { kind: 'Store', tenantId: tenant.tenantId })
  const canvases = scope.stores.canvases()
  const note = await scope.feedNotes.note(id)
  const appended = await canvases
    .append(id, { ...command, actorId }, expectedRevision)
    .catch(async (error: unknown) => {
      if (certainRefusals.some((code) => hasCode(error, code))) await forget(scope, note)
      throw error
    })
  try {
    await canvases.feed(id, (commands) => tellCommands(streams, streamId, commands))
  } catch (error) {
    scope.report(error, `the commands of ${streamId} are told of later`)
    return appended
  }
  await forget(scope, note)
  return appended
}

async function forget({ feedNotes, report }: Scope, note: FeedNote): Promise<void> {
  await feedNotes.forget(note).catch((error: unknown) => report(error, 'a note of a canvas stays'))
}
