import { hasCode } from '@heirloom/errors'
import type { CanvasCommand } from '@heirloom/persistence'
import type { EventStreams } from '../ports.js'
import type { NewStreamEvent } from '../stream-event.js'

/**
 * Appends commands to the stream of their canvas, in order. What a backend does not take at once
 * goes in parts; of a command that is too large for the stream alone, the payload stays on the
 * canvas, so that it holds up no other. Telling of a command twice changes nothing.
 */
export async function tellCommands(
  streams: Pick<EventStreams, 'append'>,
  streamId: string,
  commands: readonly CanvasCommand[],
): Promise<void> {
  try {
    await streams.append(streamId, commands.map(toldOf))
  } catch (error) {
    if (!hasCode(error, 'PAYLOAD_TOO_LARGE')) throw error
    if (commands.length === 1) {
      await streams.append(streamId, commands.map(toldWithoutPayload))
      return
    }
    const middle = Math.ceil(commands.length / 2)
    await tellCommands(streams, streamId, commands.slice(0, middle))
    await tellCommands(streams, streamId, commands.slice(middle))
  }
}

/** The id is the revision. */
function toldOf(command: CanvasCommand): NewStreamEvent {
  const { actorId, appendedAt, canvasId, revision, type, payload, idempotencyKey } = command
  return {
    id: `rev-${revision}`,
    type: 'CanvasCommandAppended',
    occurredAt: appendedAt,
    actorId,
    data: { canvas_id: canvasId, revision, type, payload, idempotency_key: idempotencyKey },
  }
}

function toldWithoutPayload(command: CanvasCommand): NewStreamEvent {
  const { canvasId, revision, type, idempotencyKey } = command
  const data = {
    canvas_id: canvasId,
    revision,
    type,
    payload: null,
    is_payload_omitted: true,
    idempotency_key: idempotencyKey,
  }
  return { ...toldOf(command), data }
}
