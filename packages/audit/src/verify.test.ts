import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { entryColumns, linkHash, type EntryRow } from './entry.js'
import { auditedTenant, startAuditRig, type AuditRig } from './testing/rig.js'
import { openAudit } from './verify.js'

let rig: AuditRig
let tenant: TenantContext
beforeEach(async () => {
  rig = await startAuditRig()
  tenant = auditedTenant()
  await rig.write(tenant, 6)
  await rig.seal()
})
afterEach(() => rig.close())

const at = (position: number): string =>
  `(select entry_id from audit_seal where position = ${position})`

describe('the verification of an audit log', () => {
  it('finds nothing wrong with what nobody touched', async () => {
    await rig.write(auditedTenant(), 2)
    await rig.seal()
    await rig.write(tenant, 1)
    expect(await rig.verify()).toEqual({
      tenants: 2,
      links: 8,
      waiting: 1,
      findings: 0,
      found: [],
    })
  })

  it.each([
    ['actor', `'user:somebody-else'`],
    ['plugin', `'another'`],
    ['roles', `array['viewer']`],
    ['action', `'story:delete'`],
    ['resource_kind', `'Legacy'`],
    ['resource_id', 'null'],
    ['outcome', `'BEGUN'`],
    ['source_ip', `'198.51.100.1'`],
    ['user_agent', `'curl'`],
    ['correlation_id', `'another'`],
    ['service', `'another'`],
    ['occurred_at', `occurred_at + interval '1 microsecond'`],
  ])('finds that the %s of an entry was altered', async (column, value) => {
    await rig.tamper(`update audit_entry set ${column} = ${value} where entry_id = ${at(3)}`)
    const { found } = await rig.verify()
    expect(found).toMatchObject([{ kind: 'ALTERED', tenantId: tenant.tenantId, position: 3 }])
  })

  it('finds that an entry was removed', async () => {
    await rig.tamper(`delete from audit_entry where entry_id = ${at(4)}`)
    expect((await rig.verify()).found).toMatchObject([{ kind: 'ENTRY_REMOVED', position: 4 }])
  })

  it('finds that an entry was removed with its link', async () => {
    await rig.tamper(`delete from audit_entry where entry_id = ${at(1)};
      delete from audit_seal where position = 1`)
    expect((await rig.verify()).found).toMatchObject([{ kind: 'LINK_REMOVED', position: 1 }])
  })

  it('finds that the place of a removed entry was closed up', async () => {
    await rig.tamper(`delete from audit_entry where entry_id = ${at(3)};
      delete from audit_seal where position = 3;
      update audit_seal set position = position - 1 where position > 3`)
    const { found } = await rig.verify()
    expect(found.map(({ kind, position }) => [kind, position])).toEqual([
      ['CHAIN_BROKEN', 3],
      ['ALTERED', 3],
      ['ALTERED', 4],
      ['ALTERED', 5],
    ])
  })

  it('finds that entries were reordered', async () => {
    await rig.tamper(`alter table audit_seal drop constraint audit_seal_tenant_id_entry_id_key;
      update audit_seal as seal set entry_id = other.entry_id
      from audit_seal as other
      where (seal.position, other.position) in ((2, 5), (5, 2))`)
    const { found } = await rig.verify()
    expect(found.map(({ kind, position }) => [kind, position])).toEqual([
      ['ALTERED', 2],
      ['ALTERED', 5],
    ])
  })

  it('finds that an entry was inserted past the sealer', async () => {
    await rig.tamper(`insert into audit_entry
      select tenant_id, '01JC0000000000000000000000', service, occurred_at, actor, plugin, roles,
        action, resource_kind, resource_id, outcome, code, source_ip, user_agent, correlation_id
      from audit_entry limit 1`)
    expect((await rig.verify()).found).toMatchObject([
      { kind: 'NOT_QUEUED', entryId: '01JC0000000000000000000000' },
    ])
  })

  it('finds that a link was inserted, even one with a right hash of its own', async () => {
    await rig.tamper(`update audit_seal set position = position + 100 where position >= 4;
      update audit_seal set position = position - 99 where position > 100`)
    const [entry, before] = await linkAt(3)
    await rig.tamper(`insert into audit_entry
      select tenant_id, 'zz', service, occurred_at, actor, plugin, roles,
        action, resource_kind, resource_id, outcome, code, source_ip, user_agent, correlation_id
      from audit_entry where entry_id = '${entry.entry_id}';
      insert into audit_seal values ('${tenant.tenantId}', 4, 'zz', '${before}',
        '${linkHash({ ...entry, entry_id: 'zz' }, 4, before)}')`)
    const { found } = await rig.verify()
    expect(found.map(({ kind, position }) => [kind, position])).toEqual([
      ['CHAIN_BROKEN', 5],
      ['ALTERED', 5],
      ['ALTERED', 6],
      ['ALTERED', 7],
    ])
  })

  it('finds that an entry was removed before it was sealed', async () => {
    await rig.write(tenant, 2)
    await rig.tamper(`delete from audit_entry
      where entry_id = (select entry_id from audit_pending order by seq limit 1)`)
    expect((await rig.verify()).found).toMatchObject([{ kind: 'ENTRY_REMOVED' }])
    expect(await rig.seal()).toBe(1)
    expect((await rig.verify()).found).toMatchObject([{ kind: 'ENTRY_REMOVED' }])
  })

  it('finds that links were cut off while their entries stayed', async () => {
    await rig.tamper('delete from audit_seal where position > 4')
    expect((await rig.verify()).found.map(({ kind }) => kind)).toEqual(['NOT_QUEUED', 'NOT_QUEUED'])
  })

  it('says when entries wait for the sealer for too long', async () => {
    await rig.write(tenant, 2)
    expect(await rig.verify({ patienceMs: -60_000 })).toMatchObject({
      waiting: 2,
      found: [{ kind: 'NOT_SEALED', message: '2 entries wait for the sealer for too long' }],
    })
  })
})

describe('with a head that was kept elsewhere', () => {
  it('still holds after more was sealed', async () => {
    const heads = await headsNow()
    expect(heads).toMatchObject([{ tenantId: tenant.tenantId, position: 6 }])
    await rig.write(tenant, 3)
    await rig.seal()
    expect((await rig.verify({ heads })).found).toEqual([])
  })

  it('finds that a tail was cut off with its entries, which nothing else shows', async () => {
    const heads = await headsNow()
    await rig.tamper(`delete from audit_entry where entry_id in ${at(6).replace('=', '>=')};
      delete from audit_seal where position >= 6`)
    expect((await rig.verify()).found).toEqual([])
    expect((await rig.verify({ heads })).found).toMatchObject([{ kind: 'CUT_OFF', position: 6 }])
  })

  it('finds that a whole chain is gone', async () => {
    const heads = await headsNow()
    await rig.tamper('delete from audit_entry; delete from audit_seal')
    expect((await rig.verify({ heads })).found).toMatchObject([{ kind: 'CUT_OFF', position: 6 }])
  })

  it('finds that a chain was made anew, with hashes that are all right', async () => {
    const heads = await headsNow()
    await rig.tamper(`update audit_entry set actor = 'user:nobody' where entry_id = ${at(2)};
      insert into audit_pending (tenant_id, entry_id)
        select tenant_id, entry_id from audit_seal where position >= 2 order by position;
      delete from audit_seal where position >= 2`)
    await rig.seal()
    expect((await rig.verify()).found).toEqual([])
    expect((await rig.verify({ heads })).found).toMatchObject([{ kind: 'REWRITTEN', position: 6 }])
  })
})

describe('who verifies', () => {
  it.each(['appUrl', 'ownerUrl'] as const)('is not the %s, who sees no entry', async (url) => {
    await expect(openAudit(rig.database[url])).rejects.toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    )
  })

  it('is told when the database has no log, or cannot be reached', async () => {
    await expect(
      openAudit(rig.database.superuserUrl.replace(/[^/]*$/, 'postgres')),
    ).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    await expect(openAudit('postgres://nobody@127.0.0.1:1/none')).rejects.toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }),
    )
  })
})

async function headsNow() {
  const opened = await openAudit(rig.database.workerUrl)
  try {
    return await opened.heads()
  } finally {
    await opened.close()
  }
}

/** The entry of a link as it is sealed, and the link's hash. */
async function linkAt(position: number): Promise<readonly [EntryRow, string]> {
  const { rows } = await sql<EntryRow & { readonly hash: string }>`
    select ${entryColumns}, seal.hash
    from audit_seal as seal join audit_entry as entry using (tenant_id, entry_id)
    where seal.position = ${position}`.execute(rig.superuser.unbound)
  const [row] = rows
  if (row === undefined) throw new Error(`there is no link ${position}`)
  const { hash, ...entry } = row
  return [entry, hash]
}
