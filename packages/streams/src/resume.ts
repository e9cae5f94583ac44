import { AppError } from '@heirloom/errors'
import type { StreamCursors } from './cursor.js'
import type { EventLog, LogEvent, Position } from './event-log.js'

/**
 * The position that a reader goes on from: that of the cursor, or without one the log's end.
 * @throws AppError CURSOR_INVALID; CURSOR_AHEAD for a position that the log never reached;
 *   CURSOR_EXPIRED when retention passed it, with the cursor of the start in `details.startsAt`
 */
export async function resumeFrom<Event extends LogEvent>(
  log: EventLog<Event>,
  cursors: StreamCursors,
  after: string | null | undefined,
): Promise<Position> {
  const position = after === null || after === undefined ? undefined : cursors.decode(after)
  const head = await log.head()
  if (position === undefined) return head.position
  if (position > head.position) {
    throw new AppError('CURSOR_AHEAD', 'this cursor lies after the end of the stream')
  }
  refuseExpired(position, head.startsAfter, cursors)
  return position
}

/** @throws AppError CURSOR_EXPIRED */
export function refuseExpired(
  position: Position,
  startsAfter: Position,
  cursors: StreamCursors,
): void {
  if (position >= startsAfter) return
  throw new AppError('CURSOR_EXPIRED', 'the stream no longer reaches back to this cursor', {
    details: { startsAt: cursors.encode(startsAfter) },
  })
}
