import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { auditedTenant, startAuditRig, type AuditRig } from './testing/rig.js'

let rig: AuditRig
let owner: Database<unknown>
let tenant: TenantContext
beforeAll(async () => {
  rig = await startAuditRig()
  owner = createDatabase({ url: rig.database.ownerUrl, applicationName: 'test' })
  tenant = auditedTenant()
  await rig.write(tenant, 2)
  await rig.seal()
  await rig.write(tenant, 1)
})
afterAll(async () => {
  await owner.close()
  await rig.close()
})

const changes = [
  'update audit_entry set actor = $$user:nobody$$',
  'delete from audit_entry',
  'truncate audit_entry',
  'update audit_seal set position = 7',
  'delete from audit_seal',
  'truncate audit_seal',
]
const withQueue = [
  'select * from audit_pending',
  'delete from audit_pending',
  `insert into audit_pending (tenant_id, entry_id) values ('t_x', 'x')`,
]

describe('the audit log is append-only', () => {
  it.each([
    ...changes,
    ...withQueue,
    `insert into audit_seal values ('t_x', 1, 'x', null, 'x')`,
    'alter table audit_entry disable trigger all',
  ])('for the app role: %s', async (statement) => {
    const work = rig.app.for(tenant.tenantId).transaction((trx) => sql.raw(statement).execute(trx))
    await expect(work).rejects.toThrow(/permission denied|must be owner/)
  })

  it.each([
    ...changes,
    'update audit_pending set entry_id = $$x$$',
    `insert into audit_entry select * from audit_entry`,
    withQueue[2] ?? '',
  ])('for the worker role: %s', async (statement) => {
    await expect(sql.raw(statement).execute(rig.worker.unbound)).rejects.toThrow(
      'permission denied',
    )
  })

  it.each(changes)('even for the owner of its tables: %s', async (statement) => {
    await expect(sql.raw(statement).execute(owner.unbound)).rejects.toThrow('append-only')
  })

  it('and stands as it stood', async () => {
    expect(await rig.verify()).toMatchObject({ links: 2, waiting: 1, found: [] })
  })
})

describe('another tenant', () => {
  it('reads no entry and no seal, and writes none in the name of the first', async () => {
    const stranger = auditedTenant()
    const bound = rig.app.for(stranger.tenantId)
    const seen = await bound.transaction(async (trx) => [
      await sql`select * from audit_entry`.execute(trx),
      await sql`select * from audit_seal`.execute(trx),
    ])
    expect(seen.map(({ rows }) => rows)).toEqual([[], []])
    const forged = bound.transaction((trx) =>
      rig.audit.record(trx, tenant, { action: 'story:update', resource: { kind: 'Story' } }),
    )
    await expect(forged).rejects.toThrow('row-level security')
    await expect(
      sql`select * from audit_entry`.execute(rig.app.unbound).then(({ rows }) => rows),
    ).resolves.toEqual([])
  })
})

describe('an entry', () => {
  it('is there if and only if its transaction commits', async () => {
    const before = await rig.verify()
    const work = rig.app.for(tenant.tenantId).transaction(async (trx) => {
      await rig.audit.record(trx, tenant, { action: 'story:update', resource: { kind: 'Story' } })
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await rig.verify()).toEqual(before)
  })

  it('keeps of what a client chose no more than fits, and nothing that is no text', async () => {
    const context = {
      ...tenant,
      plugin: 'p\u0000\ud800',
      requestId: '\u{1f600}'.repeat(200),
    }
    await rig.audit.tell(
      rig.app.for(tenant.tenantId),
      context,
      { action: 'story:update', resource: { kind: 'Story', id: 'x'.repeat(10_000) } },
      { kind: 'DENIED', code: 'NOT_FOUND' },
    )
    const { rows } = await sql<Record<string, string>>`
      select resource_id, plugin, correlation_id from audit_entry where outcome = 'DENIED'`.execute(
      rig.superuser.unbound,
    )
    expect(rows).toEqual([
      {
        resource_id: 'x'.repeat(256),
        plugin: 'p\ufffd\ufffd',
        correlation_id: '\u{1f600}'.repeat(128),
      },
    ])
    await rig.seal()
    expect((await rig.verify()).found).toEqual([])
  })
})
