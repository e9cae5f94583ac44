import type { Migrations } from '@heirloom/postgres'

/** Everything that the database of a service is made of, found by the name of the service. */
export async function migrationsOf(service: string): Promise<readonly Migrations[]> {
  const { migrations } = (await import(`@heirloom/${service}/migrations`)) as {
    readonly migrations: readonly Migrations[]
  }
  return migrations
}
