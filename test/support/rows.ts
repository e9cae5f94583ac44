import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

const services = ['gateway', 'stories', 'graph', 'media', 'search', 'storage', 'plugins']
const settleMs = 1_000

/**
 * Every row that a tenant has in any database, as the superuser sees them, once the events that
 * are still on their way have arrived: two looks a second apart agree.
 */
export async function rowsOf(dataDir: string, tenantId: string): Promise<readonly string[]> {
  let last = await look(dataDir, tenantId)
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const now = await look(dataDir, tenantId)
    if (JSON.stringify(now) === JSON.stringify(last)) return now
    last = now
  }
}

async function look(dataDir: string, tenantId: string): Promise<readonly string[]> {
  const rows = await Promise.all(
    services.map((service) => rowsIn(dataDir, `heirloom_${service}`, tenantId)),
  )
  return rows.flat()
}

async function rowsIn(dataDir: string, database: string, tenantId: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: await superuserUrl(dataDir, database) })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name = 'tenant_id' order by 1`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        // When the relay got to a row says nothing about what somebody changed.
        `select (to_jsonb(t) - 'published_at')::text as row
         from ${pg.escapeIdentifier(name)} t where tenant_id = $1 order by 1`,
        [tenantId],
      )
      found.push(...rows.map(({ row }) => `${database}.${name} ${row}`))
    }
    return found
  } finally {
    await client.end()
  }
}

/** Of a database of a system that was started in `dataDir`. */
export async function superuserUrl(dataDir: string, database: string): Promise<string> {
  const read = async (name: string): Promise<string> =>
    readFile(join(dataDir, 'postgres', name), 'utf8')
  const passwords = JSON.parse(await read('passwords.json')) as Readonly<Record<string, string>>
  // Line 4 of postmaster.pid is the port: https://www.postgresql.org/docs/current/storage-file-layout.html
  const port = (await read('cluster/postmaster.pid')).split('\n')[3] ?? ''
  return `postgres://postgres:${passwords['postgres'] ?? ''}@127.0.0.1:${port}/${database}`
}
