import type { Migrations } from '@heirloom/postgres'

export const migrations: readonly Migrations[] = [
  { prefix: 'gateway', directory: new URL('../migrations/', import.meta.url) },
]
