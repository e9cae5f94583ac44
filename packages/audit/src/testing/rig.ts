import { sql } from 'kysely'
import { createDatabase, type Database } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import type { Finding } from '../finding.js'
import { sealOnce } from '../sealer.js'
import { openAudit, type Verified, type VerifyOptions } from '../verify.js'
import { auditMigrations, createAuditWriter, type AuditWriter } from '../writer.js'

/** An audit log in a database of its own, with everybody who has to do with it. */
export interface AuditRig {
  readonly database: TestDatabase
  readonly audit: AuditWriter
  /** As the app role. */
  readonly app: Database<unknown>
  readonly worker: Database<unknown>
  readonly superuser: Database<unknown>
  /** Writes so many entries of a tenant, one transaction each. */
  write(context: TenantContext, count: number): Promise<void>
  seal(): Promise<number>
  /** Does what only somebody can who is above the database's own rules. */
  tamper(statement: string): Promise<void>
  verify(options?: Partial<VerifyOptions>): Promise<Verified & { found: readonly Finding[] }>
  positions(context: TenantContext): Promise<readonly number[]>
  close(): Promise<void>
}

const sealedAtOnce = 500

export async function startAuditRig(): Promise<AuditRig> {
  const database = await testDatabase([auditMigrations])
  const open = (url: string): Database<unknown> =>
    createDatabase<unknown>({ url, applicationName: 'test' })
  const app = open(database.appUrl)
  const worker = open(database.workerUrl)
  const superuser = open(database.superuserUrl)
  const audit = createAuditWriter({ service: 'tests' })
  return {
    database,
    audit,
    app,
    worker,
    superuser,
    write: async (context, count) => {
      for (let n = 0; n < count; n += 1) {
        const resource = { kind: 'Story', id: `story-${n}` }
        await app
          .for(context.tenantId)
          .transaction((trx) => audit.record(trx, context, { action: 'story:update', resource }))
      }
    },
    seal: () => sealOnce(worker, sealedAtOnce),
    tamper: (statement) =>
      superuser.unbound.transaction().execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx)
        await sql.raw(statement).execute(trx)
      }),
    verify: async (options = {}) => {
      const opened = await openAudit(database.workerUrl)
      const found: Finding[] = []
      try {
        const onFinding = (finding: Finding): void => void found.push(finding)
        return { ...(await opened.verify({ onFinding, ...options })), found }
      } finally {
        await opened.close()
      }
    },
    positions: async ({ tenantId }) => {
      const { rows } = await sql<{ position: number }>`
        select position from audit_seal where tenant_id = ${tenantId} order by position`.execute(
        superuser.unbound,
      )
      return rows.map((row) => row.position)
    },
    close: async () => {
      await Promise.all([app.close(), worker.close(), superuser.close()])
      await database.drop()
    },
  }
}

/** Somebody at a desk. */
export function auditedTenant(overrides: Partial<TenantContext> = {}): TenantContext {
  const source = { ip: '203.0.113.7', userAgent: 'Mozilla/5.0' }
  return testTenant({ source, ...overrides })
}

export function countTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
