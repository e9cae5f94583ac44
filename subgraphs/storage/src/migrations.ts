import { auditMigrations } from '@heirloom/audit'
import { documentMigrations, recordMigrations } from '@heirloom/persistence'
import type { Migrations } from '@heirloom/postgres'

/** Everything that this service's database needs, in the order in which it is applied. */
export const migrations: readonly Migrations[] = [
  recordMigrations,
  documentMigrations,
  auditMigrations,
]
