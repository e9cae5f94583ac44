import { auditMigrations } from '@heirloom/audit'
import { outboxMigrations } from '@heirloom/events'
import { idempotencyMigrations, type Migrations } from '@heirloom/postgres'

/** Everything that a stories database is made of. */
export const migrations: readonly Migrations[] = [
  outboxMigrations,
  idempotencyMigrations,
  auditMigrations,
  { prefix: 'stories', directory: new URL('../migrations/', import.meta.url) },
]
