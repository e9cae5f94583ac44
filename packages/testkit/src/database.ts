import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { inject } from 'vitest'
import { connectCluster, type Cluster, type DatabaseUrls } from '@heirloom/embedded'
import { migrate, type Migrations } from '@heirloom/postgres'

export interface TestDatabase extends DatabaseUrls {
  readonly name: string
  /** Bypasses every policy: to look at what a test left behind. */
  readonly superuserUrl: string
  readonly drop: () => Promise<void>
}

/**
 * A fresh, migrated database on the run's PostgreSQL. Each distinct list of migrations runs once
 * per test run, into a template; every database after that is a copy (about 30 ms).
 */
export async function testDatabase(migrations: readonly Migrations[] = []): Promise<TestDatabase> {
  const cluster = connectCluster(inject('postgres'))
  const template = await templateOf(cluster, migrations)
  const name = `test_${randomBytes(8).toString('hex')}`
  await cluster.createDatabase(name, { template })
  return {
    name,
    ...cluster.urls(name),
    superuserUrl: cluster.superuserUrl.replace(/postgres$/, name),
    drop: () => cluster.dropDatabase(name),
  }
}

async function templateOf(cluster: Cluster, migrations: readonly Migrations[]): Promise<string> {
  const name = `template_${await fingerprint(migrations)}`
  const client = new Client({ connectionString: cluster.superuserUrl })
  await client.connect()
  try {
    // Test workers run at once; the first one builds, the others wait for it. A template counts
    // as ready only when it is marked as one, so a build that failed is done again.
    await client.query('select pg_advisory_lock(hashtext($1))', [name])
    const found = await client.query<{ datistemplate: boolean }>(
      'select datistemplate from pg_database where datname = $1',
      [name],
    )
    if (found.rows[0]?.datistemplate === true) return name
    await cluster.dropDatabase(name)
    await cluster.createDatabase(name)
    await migrate(cluster.urls(name).ownerUrl, migrations)
    await client.query(`alter database ${client.escapeIdentifier(name)} is_template true`)
    return name
  } finally {
    await client.end()
  }
}

async function fingerprint(migrations: readonly Migrations[]): Promise<string> {
  const hash = createHash('sha256')
  for (const { prefix, directory } of migrations) {
    hash.update(`${prefix}\0`)
    for (const name of (await readdir(directory)).sort()) {
      hash.update(`${name}\0`).update(await readFile(new URL(name, directory)))
    }
  }
  return hash.digest('hex').slice(0, 24)
}
