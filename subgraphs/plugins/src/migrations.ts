import { auditMigrations } from '@heirloom/audit'
import type { Migrations } from '@heirloom/postgres'

/** Everything that this service's database needs, in the order in which it is applied. */
export const migrations: readonly Migrations[] = [
  auditMigrations,
  { prefix: 'plugins', directory: new URL('../migrations/', import.meta.url) },
]
