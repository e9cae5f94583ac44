import { inboxMigrations } from '@heirloom/events'
import type { Migrations } from '@heirloom/postgres'

export const migrations: readonly Migrations[] = [
  inboxMigrations,
  { prefix: 'search', directory: new URL('../migrations/', import.meta.url) },
]
