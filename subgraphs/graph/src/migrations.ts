import { auditMigrations } from '@heirloom/audit'
import { outboxMigrations } from '@heirloom/events'
import { idempotencyMigrations, type Migrations } from '@heirloom/postgres'

/** Everything that the graph's database needs, for main, the tests and `npm start`. */
export const migrations: readonly Migrations[] = [
  outboxMigrations,
  idempotencyMigrations,
  auditMigrations,
  { prefix: 'graph', directory: new URL('../migrations/', import.meta.url) },
]
