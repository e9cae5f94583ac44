import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditMigrations, createAuditWriter, sealOnce } from '@heirloom/audit'
import { createDatabase } from '@heirloom/postgres'
import { testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'
import { createWorkplace, type Ran, type Workplace } from '../../testing/run.js'

const tenant = testTenant()
let database: TestDatabase
let place: Workplace
beforeEach(async () => {
  database = await testDatabase([auditMigrations])
  place = await createWorkplace()
  await write(4)
})
afterEach(async () => {
  await place.remove()
  await database.drop()
})

/** Entries of one tenant, which are sealed at once. */
async function write(count: number): Promise<void> {
  const app = createDatabase<unknown>({ url: database.appUrl, applicationName: 'test' })
  const worker = createDatabase<unknown>({ url: database.workerUrl, applicationName: 'test' })
  const audit = createAuditWriter({ service: 'tests' })
  const deed = { action: 'story:update', resource: { kind: 'Story', id: 's1' } }
  for (let n = 0; n < count; n += 1) {
    await app.for(tenant.tenantId).transaction((trx) => audit.record(trx, tenant, deed))
  }
  await sealOnce(worker, 100)
  await Promise.all([app.close(), worker.close()])
}

async function tamper(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.superuserUrl })
  await client.connect()
  await client.query(`set session_replication_role = replica; ${statement}`)
  await client.end()
}

function run(command: 'verify' | 'head', ...more: readonly string[]): Promise<Ran> {
  return place.run(['audit', command, ...more], {
    env: { AUDIT_DATABASE_URLS: database.workerUrl },
  })
}

describe('heirloom audit verify', () => {
  it('says that nothing was found, with how much was looked at', async () => {
    const { code, out } = await run('verify')
    expect({ code, out }).toEqual({
      code: 0,
      out: `${database.name}: 1 tenants, 4 links, 0 entries wait for theirs; nothing found\n`,
    })
  })

  it('names each finding on a line, and answers 1', async () => {
    await tamper(`update audit_entry set actor = 'user:nobody';
      delete from audit_seal where position = 2`)
    const { code, out, err } = await run('verify')
    expect(code).toBe(1)
    expect(out.split('\n').slice(0, -2)).toEqual(
      [
        'ALTERED  what stands at link 1 is not what was sealed there',
        'LINK_REMOVED  there is no link 2',
        'ALTERED  what stands at link 3 is not what was sealed there',
        'ALTERED  what stands at link 4 is not what was sealed there',
        expect.stringMatching(/NOT_QUEUED {2}the entry \w+ has no link/),
      ].map((said) =>
        typeof said === 'string' ? `${database.name}  ${tenant.tenantId}  ${said}` : said,
      ),
    )
    expect(err).toContain('the audit log does not hold: there are 5 findings')
  })

  it('prints the same as JSON', async () => {
    await tamper('delete from audit_entry where entry_id = (select min(entry_id) from audit_entry)')
    const { code, out, err } = await run('verify', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      databases: [
        {
          database: database.name,
          tenants: 1,
          links: 4,
          findings: [{ kind: 'ENTRY_REMOVED', tenantId: tenant.tenantId, position: 1 }],
        },
      ],
    })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'AUDIT_FINDINGS' } })
  })

  it('finds a tail that was cut off, with the heads that were kept', async () => {
    const { out: heads, code } = await run('head')
    expect(code).toBe(0)
    expect(JSON.parse(heads)).toEqual({
      database: database.name,
      tenant: tenant.tenantId,
      position: 4,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    const others = JSON.stringify({ ...JSON.parse(heads), database: 'heirloom_other' })
    await place.write('heads.jsonl', `${heads}\n${others}\n`)
    await write(2)
    const fine = await run('verify', '--heads', 'heads.jsonl')
    expect(fine.code).toBe(0)
    expect(fine.err).toContain('not looked at: heirloom_other')

    await tamper(`delete from audit_entry where entry_id in
        (select entry_id from audit_seal where position > 3);
      delete from audit_seal where position > 3`)
    expect((await run('verify')).code).toBe(0)
    const cut = await run('verify', '--heads', 'heads.jsonl')
    expect(cut.code).toBe(1)
    expect(cut.out).toContain('CUT_OFF  the chain once reached to link 4, which is gone')
  })

  it('finds the databases of a system that npm start began', async () => {
    const folder = await createWorkplace({
      gatewayUrl: 'http://localhost:4000',
      tokenUrl: 'http://localhost:4001/token',
      audience: 'urn:heirloom:api',
      clients: {},
      auditDatabases: [database.workerUrl],
    })
    expect((await folder.run(['audit', 'verify'])).out).toContain('4 links')
    await folder.remove()
  })

  it('says when it knows no database, and when it may not see the entries', async () => {
    const unknown = await place.run(['audit', 'verify'])
    expect(unknown).toMatchObject({ code: 1, out: '' })
    expect(unknown.err).toContain('AUDIT_DATABASE_URLS')
    const owner = await place.run(['audit', 'verify'], {
      env: { WORKER_DATABASE_URL: database.ownerUrl },
    })
    expect(owner).toMatchObject({ code: 1, out: '' })
    expect(owner.err).toContain('as heirloom_worker')
  })

  it.each([
    ['{"database":"a"}', 'line 1'],
    ['\nnonsense', 'line 2'],
    [`{"database":"a","tenant":"t_a","position":0,"hash":"${'0'.repeat(64)}"}`, 'line 1'],
  ])('refuses heads that are none: %j', async (text, line) => {
    await place.write('heads.jsonl', text)
    const ran = await run('verify', '--heads', 'heads.jsonl')
    expect(ran.code).toBe(1)
    expect(ran.err).toContain(`heads.jsonl, ${line}: this is no head of a chain`)
    expect((await run('verify', '--heads', 'none.jsonl')).err).toContain('cannot be read')
  })
})
