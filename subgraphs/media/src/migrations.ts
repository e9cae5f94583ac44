import { auditMigrations } from '@heirloom/audit'
import { outboxMigrations } from '@heirloom/events'
import { idempotencyMigrations, type Migrations } from '@heirloom/postgres'

/** Everything that this service's database needs, in the order in which it is applied. */
export const migrations: readonly Migrations[] = [
  outboxMigrations,
  idempotencyMigrations,
  auditMigrations,
  { prefix: 'media', directory: new URL('../migrations/', import.meta.url) },
]
