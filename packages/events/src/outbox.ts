import { sql, type Transaction } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { Migrations } from '@heirloom/postgres'
import type { DomainEvent } from './envelope.js'
import { validateEvent } from './schemas.js'

/** The outbox table, for the migration list of every service that writes events. */
export const outboxMigrations: Migrations = {
  prefix: 'outbox',
  directory: new URL('../migrations/outbox/', import.meta.url),
}

/** The relay listens on this channel; the notification is sent when the transaction commits. */
export const outboxChannel = 'heirloom_outbox'

// SNS and SQS take messages of at most 256 KiB, attributes included.
const maxEventBytes = 250_000

/**
 * Writes events beside the change that they tell of: both commit, or neither does.
 * @throws AppError PAYLOAD_TOO_LARGE for an event that the bus could not carry
 */
export async function writeOutbox<Schema>(
  trx: Transaction<Schema>,
  events: readonly DomainEvent[],
): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => {
    validateEvent(event)
    const text = toJsonb(event)
    if (Buffer.byteLength(text) > maxEventBytes) {
      throw new AppError(
        'PAYLOAD_TOO_LARGE',
        `this change is too large to be announced as ${event.type}`,
      )
    }
    const resourceKey = `${event.tenant_id}/${event.resource.kind}/${event.resource.id}`
    return sql`(${event.id}, ${event.tenant_id}, ${resourceKey}, ${text}::jsonb)`
  })
  await sql`insert into outbox (event_id, tenant_id, resource_key, event) values ${sql.join(rows)}`.execute(
    trx,
  )
  await sql`select pg_notify(${outboxChannel}, '')`.execute(trx)
}

// What JSON can spell and jsonb refuses: lone surrogates, and the NUL character.
const refusedByJsonb = /\\u(?:d[89a-f][0-9a-f]{2}|0000)/i

/**
 * Lone surrogates become U+FFFD, as they do in every text column.
 * @throws AppError INVALID_INPUT for a NUL character
 */
function toJsonb(event: DomainEvent): string {
  const text = JSON.stringify(event)
  if (!refusedByJsonb.test(text)) return text
  return JSON.stringify(event, (_key, value: unknown) => {
    if (typeof value !== 'string') return value
    if (value.includes('\0')) throw new AppError('INVALID_INPUT', 'text must not contain NUL')
    return Buffer.from(value, 'utf8').toString('utf8')
  })
}
