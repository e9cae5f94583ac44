import { readdir, readFile } from 'node:fs/promises'
import { Kysely, Migrator, PostgresDialect, sql, type Migration } from 'kysely'
import pg from 'pg'
import { AppError } from '@heirloom/errors'

/** A folder of numbered .sql files; `prefix` keeps the names of several folders apart. */
export interface Migrations {
  readonly prefix: string
  readonly directory: URL
}

/**
 * Brings a database to the newest migration, all pending ones in one transaction, so that a
 * failure leaves it as it was. Safe to run from several processes at once (advisory lock).
 * Resolves to the names of what was applied.
 */
export async function migrate(
  ownerUrl: string,
  sources: readonly Migrations[],
): Promise<readonly string[]> {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 2, application_name: 'migrate' })
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    const migrator = new Migrator({
      db: kysely,
      provider: { getMigrations: () => readMigrations(sources) },
      allowUnorderedMigrations: true,
      migrationTableName: 'schema_migration',
      migrationLockTableName: 'schema_migration_lock',
    })
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) {
      const failed = results?.find((result) => result.status === 'Error')?.migrationName
      throw new AppError('INTERNAL', `migration ${failed ?? ''} failed: ${describe(error)}`, {
        cause: error,
      })
    }
    return (results ?? []).map((result) => result.migrationName)
  } finally {
    await kysely.destroy()
  }
}

async function readMigrations(sources: readonly Migrations[]): Promise<Record<string, Migration>> {
  const found: Record<string, Migration> = {}
  for (const { prefix, directory } of sources) {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
    for (const name of names) {
      const text = await readFile(new URL(name, directory), 'utf8')
      found[`${prefix}-${name.replace(/\.sql$/, '')}`] = {
        up: async (db) => void (await sql.raw(text).execute(db)),
      }
    }
  }
  return found
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
