import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Migrations } from '@heirloom/postgres'
import { testDatabase } from '@heirloom/testkit'
import type { ProvisionReport } from '../backend.js'
import { createPostgresBackend } from './postgres-backend.js'
import { recordMigrations } from './schema.js'

describe('A Postgres database', () => {
  let database: Awaited<ReturnType<typeof testDatabase>>

  async function provision(migrations: readonly Migrations[]): Promise<ProvisionReport> {
    database = await testDatabase(migrations)
    const backend = createPostgresBackend({
      postgresConnections: { main: { url: database.appUrl } },
    }).open({ connection: 'main' })
    try {
      const report = await backend.provision?.()
      if (report === undefined) throw new Error('Postgres is provisioned')
      return report
    } finally {
      await backend.close()
    }
  }

  afterEach(() => database.drop())

  const made = [
    'table record with row-level security',
    'index by tenant, partition and sort key',
    'list of the tenants that have records',
  ]

  it('that was migrated needs nothing but an archive of its log', async () => {
    const { done, found, refused } = await provision([recordMigrations])
    expect(done).toEqual([])
    expect(found.slice(0, 3)).toEqual(made)
    for (const { step, command } of refused) {
      expect(step).toBe('point-in-time recovery')
      expect(command).toMatch(/^psql postgres:.* -c 'alter system set archive_mode = on'$/)
    }
  })

  it('that was not migrated says how it will be, and tells no password', async () => {
    const { found, refused } = await provision([])
    expect(found).not.toContain(made[0])
    const missing = refused.filter(({ step }) => made.includes(step))
    expect(missing.map(({ step }) => step)).toEqual(made)
    const { password } = new URL(database.appUrl)
    for (const { command } of missing) {
      expect(command).toMatch(
        /^MIGRATION_DATABASE_URL=postgres(?:ql)?:\/\/heirloom_owner@\S+ node subgraphs\/storage\/dist\/main\.js migrate$/,
      )
      expect(command).not.toContain(password === '' ? '\0' : password)
    }
  })
})

describe('A Postgres that is away', () => {
  let backend: ReturnType<ReturnType<typeof createPostgresBackend>['open']>

  beforeEach(() => {
    const postgresConnections = { main: { url: 'postgres://127.0.0.1:1/none' } }
    backend = createPostgresBackend({ postgresConnections }).open({ connection: 'main' })
  })
  afterEach(() => backend.close())

  it('is not provisioned', async () => {
    await expect(backend.provision?.()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
