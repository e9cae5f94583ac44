import { AppError } from '@heirloom/errors'
import type { CanvasCommand, NewCanvasCommand } from '@heirloom/persistence'
import { projectOf, type Scope } from '../scope.js'
import { canvasStream } from '../stream-id.js'

export interface Canvas {
  readonly id: string
  /** Where its commands are told of. */
  readonly streamId: string
}

// What may stand in the id of a stream, without `/`: so no two canvases share one.
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/

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
 * canvas: telling is tried at once, and when that fails, again with the next command.
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
  const canvases = scope.stores.canvases()
  const appended = await canvases.append(id, { ...command, actorId }, expectedRevision)
  try {
    await canvases.feed(id, async (commands) => {
      await scope.streams.append(streamId, commands.map(toldOf))
    })
  } catch (error) {
    scope.report(error, `the commands of ${streamId} are told of later`)
  }
  return appended
}

/** The id is the revision, so telling of a command twice changes nothing. */
function toldOf(command: CanvasCommand): {
  readonly id: string
  readonly type: string
  readonly occurredAt: Date
  readonly actorId: string
  readonly data: unknown
} {
  const { actorId, appendedAt, canvasId, revision, type, payload, idempotencyKey } = command
  return {
    id: `rev-${revision}`,
    type: 'CanvasCommandAppended',
    occurredAt: appendedAt,
    actorId,
    data: { canvas_id: canvasId, revision, type, payload, idempotency_key: idempotencyKey },
  }
}
