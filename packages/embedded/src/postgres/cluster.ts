import { Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import { AppError } from '@heirloom/errors'
import { appRole, ownerRole, workerRole } from '@heirloom/postgres'

export const superuser = 'postgres'
const roles = [ownerRole, appRole, workerRole] as const

/** Passwords by role name. */
export type Passwords = Readonly<Record<string, string>>

/** All that another process needs to reach the same server. */
export interface ClusterAddress {
  readonly port: number
  readonly passwords: Passwords
}

export interface DatabaseUrls {
  readonly appUrl: string
  readonly workerUrl: string
  readonly ownerUrl: string
}

export interface CreateDatabaseOptions {
  readonly ifNotExists?: boolean
  /** A database nobody is connected to; it is copied with everything in it. */
  readonly template?: string
}

/** A running server, addressed as its superuser. */
export interface Cluster extends ClusterAddress {
  readonly superuserUrl: string
  urls(database: string): DatabaseUrls
  /**
   * Creates a database that heirloom_owner owns and only the three roles may connect to.
   * @throws AppError CONFLICT when it exists, unless `ifNotExists`
   */
  createDatabase(name: string, options?: CreateDatabaseOptions): Promise<void>
  /** Ends its connections and drops it; nothing happens when it does not exist. */
  dropDatabase(name: string): Promise<void>
}

const duplicateDatabase = '42P04'

export function connectCluster(address: ClusterAddress): Cluster {
  const { port, passwords } = address
  const url = (role: string, database: string): string =>
    `postgres://${role}:${passwords[role] ?? ''}@127.0.0.1:${port}/${database}`
  const superuserUrl = url(superuser, 'postgres')

  async function createDatabase(name: string, options: CreateDatabaseOptions = {}): Promise<void> {
    const database = escapeIdentifier(name)
    const template = escapeIdentifier(options.template ?? 'template1')
    await withClient(superuserUrl, async (client) => {
      try {
        await client.query(
          `create database ${database} owner ${ownerRole} template ${template} strategy wal_log`,
        )
      } catch (error) {
        if (!(error instanceof DatabaseError) || error.code !== duplicateDatabase) throw error
        if (options.ifNotExists !== true) {
          throw new AppError('CONFLICT', `there is a database "${name}" already`, { cause: error })
        }
      }
      await client.query(`revoke connect, temporary on database ${database} from public`)
      await client.query(`grant connect on database ${database} to ${roles.join(', ')}`)
    })
  }

  return {
    port,
    passwords,
    superuserUrl,
    urls: (database) => ({
      appUrl: url(appRole, database),
      workerUrl: url(workerRole, database),
      ownerUrl: url(ownerRole, database),
    }),
    createDatabase,
    dropDatabase: (name) =>
      withClient(superuserUrl, async (client) => {
        await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
      }),
  }
}

/**
 * Creates the three roles, or resets them to what they must be: no superuser, no BYPASSRLS.
 * The grants on template1 are copied into every database that is created afterwards.
 */
export async function prepareRoles(cluster: Cluster): Promise<void> {
  await withClient(cluster.superuserUrl, async (client) => {
    const found = await client.query<{ rolname: string }>('select rolname from pg_roles')
    const existing = new Set(found.rows.map((row) => row.rolname))
    for (const role of roles) {
      const password = escapeLiteral(cluster.passwords[role] ?? '')
      const verb = existing.has(role) ? 'alter' : 'create'
      await client.query(
        `${verb} role ${role} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${password}`,
      )
    }
  })
  await withClient(cluster.superuserUrl.replace(/postgres$/, 'template1'), async (client) => {
    await client.query('revoke all on schema public from public')
    await client.query(`grant usage on schema public to ${roles.join(', ')}`)
  })
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'heirloom embedded' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
