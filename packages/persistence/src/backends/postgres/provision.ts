import { sql } from 'kysely'
import { AppError } from '@heirloom/errors'
import { ownerRole, type Database } from '@heirloom/postgres'
import type { ProvisionReport } from '../backend.js'
import { provisionAll, shellCommand, type ProvisionStep } from '../provisioning.js'
import type { RecordSchema } from './schema.js'

interface Found {
  readonly secured: boolean
  readonly keyed: boolean
  readonly listed: boolean
  readonly archive_mode: string
}

/**
 * The app role may not create anything, and rightly so: what is missing comes by the migrations,
 * as the owner. Nothing but looks at what is there.
 */
export async function provision(
  database: Database<RecordSchema>,
  url: string,
): Promise<ProvisionReport> {
  await database.ping()
  const found = await look(database)
  const byMigration = 'the role of the app creates nothing: the migrations do, as the owner'
  const migrate = `MIGRATION_DATABASE_URL=${shellCommand([
    asRole(url, ownerRole),
    'node',
    'subgraphs/storage/dist/main.js',
    'migrate',
  ])}`
  const step = (name: string, there: boolean, make: string, command: string): ProvisionStep => ({
    name,
    isThere: () => Promise.resolve(there),
    make,
    command,
  })
  return provisionAll(
    [
      step('table record with row-level security', found.secured, byMigration, migrate),
      step('index by tenant, partition and sort key', found.keyed, byMigration, migrate),
      step('list of the tenants that have records', found.listed, byMigration, migrate),
      step(
        'point-in-time recovery',
        found.archive_mode !== 'off',
        'the server keeps no archive of its log: choose an archive_command, and restart it after this',
        shellCommand('psql', asRole(url, 'postgres'), '-c', 'alter system set archive_mode = on'),
      ),
    ],
    messageOf,
  )
}

async function look(database: Database<RecordSchema>): Promise<Found> {
  try {
    const { rows } = await sql<Found>`
      select
        exists(select from pg_class where oid = to_regclass('record')
          and relrowsecurity and relforcerowsecurity) as secured,
        exists(select from pg_index where indrelid = to_regclass('record')
          and indisprimary and indisvalid
          and pg_get_indexdef(indexrelid) like '%(tenant_id, pk, sk)') as keyed,
        to_regprocedure('record_tenants(text, integer)') is not null as listed,
        current_setting('archive_mode') as archive_mode`.execute(database.unbound)
    const [row] = rows
    if (row !== undefined) return row
    throw new AppError('INTERNAL', 'Postgres did not say what is there')
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('BACKEND_UNAVAILABLE', 'Postgres did not say what is there', { cause })
  }
}

/** Without the password, which whoever runs the command is asked for. */
function asRole(url: string, role: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.username = role
  parsed.password = ''
  return parsed.href
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
