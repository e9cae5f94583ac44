import { AppError } from '@heirloom/errors'
import { actorOf, type Scope } from './scope.js'
import { authorizeAppend } from './stream-access.js'
import { placed, type PlacedEvent } from './stream-event.js'

export interface EventInput {
  readonly id: string
  readonly type: string
  /** Null: now. */
  readonly occurredAt: Date | null
  readonly data: unknown
}

const maxEvents = 500
const maxDataBytes = 262_144
// Printable ASCII: an id is compared, sorted and put into keys, never shown to a person.
const eventIdPattern = /^[\x21-\x7e]{1,128}$/
const typePattern = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/

/**
 * Appends events to a stream of the tenant's own, all or none.
 * @throws AppError FORBIDDEN, INVALID_INPUT, PAYLOAD_TOO_LARGE, and what the route gives
 */
export async function appendEvents(
  scope: Scope,
  streamId: string,
  events: readonly EventInput[],
): Promise<readonly PlacedEvent[]> {
  authorizeAppend(scope, streamId)
  if (events.length === 0) throw new AppError('INVALID_INPUT', 'there is no event to append')
  if (events.length > maxEvents) {
    throw new AppError('PAYLOAD_TOO_LARGE', `at most ${maxEvents} events are appended at once`)
  }
  for (const event of events) check(event)
  const now = new Date(scope.now())
  const actorId = actorOf(scope.tenant)
  const stored = await scope.streams.append(
    streamId,
    events.map((event) => ({ ...event, occurredAt: event.occurredAt ?? now, actorId })),
  )
  const cursors = scope.cursors.for(scope.tenant.tenantId, streamId)
  return stored.map((event) => placed(event, cursors))
}

function check({ id, type, data }: EventInput): void {
  if (!eventIdPattern.test(id)) {
    throw new AppError('INVALID_INPUT', 'an event id has 1 to 128 printable ASCII characters')
  }
  if (!typePattern.test(type)) {
    throw new AppError(
      'INVALID_INPUT',
      'an event type has at most 100 letters, digits and . _ -, and begins with a letter',
    )
  }
  if (Buffer.byteLength(JSON.stringify(data) ?? '') > maxDataBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `the data of an event has at most ${maxDataBytes} bytes`,
    )
  }
}
