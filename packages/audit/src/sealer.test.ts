import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, testLogger } from '@heirloom/testkit'
import { lockChains, sealPending } from './chain.js'
import { createSealer, sealOnce } from './sealer.js'
import { auditedTenant, countTo, startAuditRig, type AuditRig } from './testing/rig.js'

let rig: AuditRig
beforeAll(async () => {
  rig = await startAuditRig()
})
afterAll(() => rig.close())

const deed = { action: 'story:update', resource: { kind: 'Story', id: 's1' } }

async function waiting(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from audit_pending`.execute(rig.superuser.unbound)
  return rows[0]?.count ?? 0
}

describe('the sealer', () => {
  it('gives entries consecutive places, tenant by tenant, in batches that do not matter', async () => {
    const [one, two] = [auditedTenant(), auditedTenant()]
    await Promise.all([rig.write(one, 9), rig.write(two, 5)])
    while ((await sealOnce(rig.worker, 4)) > 0);
    expect(await rig.positions(one)).toEqual(countTo(9))
    expect(await rig.positions(two)).toEqual(countTo(5))
    await rig.write(one, 1)
    await rig.seal()
    expect(await rig.positions(one)).toEqual(countTo(10))
    expect((await rig.verify()).found).toEqual([])
  })

  it('seals an entry that commits late behind those that overtook it, and makes nobody wait', async () => {
    const tenant = auditedTenant()
    const bound = rig.app.for(tenant.tenantId)
    await bound.transaction(async (trx) => {
      await rig.audit.record(trx, { ...tenant, requestId: 'late' }, deed)
      await rig.write(tenant, 2)
      expect(await rig.seal()).toBe(2)
    })
    expect(await rig.seal()).toBe(1)
    const { rows } = await sql<{ correlation_id: string }>`
      select correlation_id from audit_entry join audit_seal using (tenant_id, entry_id)
      where audit_seal.tenant_id = ${tenant.tenantId} and position = 3`.execute(
      rig.superuser.unbound,
    )
    expect(rows).toEqual([{ correlation_id: 'late' }])
    expect(await rig.positions(tenant)).toEqual(countTo(3))
  })

  it('leaves nothing behind of a turn that did not commit', async () => {
    const tenant = auditedTenant()
    await rig.write(tenant, 4)
    const turn = rig.worker.unbound.transaction().execute(async (trx) => {
      await lockChains(trx)
      expect(await sealPending(trx, 10)).toBe(4)
      await sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx)
    })
    await expect(turn).rejects.toThrow(/terminat/)
    expect(await rig.positions(tenant)).toEqual([])
    expect(await rig.seal()).toBe(4)
    expect(await rig.positions(tenant)).toEqual(countTo(4))
    expect((await rig.verify()).found).toEqual([])
  })

  it('does nothing while another one is at it', async () => {
    const tenant = auditedTenant()
    await rig.write(tenant, 3)
    await rig.worker.unbound.transaction().execute(async (trx) => {
      await lockChains(trx)
      expect(await sealPending(trx, 10)).toBe(3)
      expect(await rig.seal()).toBe(0)
    })
    expect(await rig.seal()).toBe(0)
    expect(await rig.positions(tenant)).toEqual(countTo(3))
  })

  it('could not fork a chain even without its lock', async () => {
    const tenant = auditedTenant()
    await rig.write(tenant, 3)
    const turn = () => rig.worker.unbound.transaction().execute((trx) => sealPending(trx, 10))
    const turns = await Promise.allSettled([turn(), turn(), turn(), turn()])
    expect(turns.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await rig.positions(tenant)).toEqual(countTo(3))
    expect((await rig.verify()).found).toEqual([])
  })

  it('seals within a second what commits while it runs, and stops when told', async () => {
    const sealer = createSealer({
      name: 'test',
      databaseUrl: rig.database.workerUrl,
      logger: testLogger(),
    })
    await sealer.start()
    const tenant = auditedTenant()
    await rig.write(tenant, 1)
    await eventually(async () => (await rig.positions(tenant)).length === 1)
    await sealer.stop()
    await rig.write(tenant, 1)
    expect(await waiting()).toBe(1)
  })
})

// What is built: a process has no TypeScript loader.
const processFile = fileURLToPath(new URL('../dist/testing/sealer-process.js', import.meta.url))
const batchSize = 3
const writersOfEach = 4
const entriesOfEach = 60
const kills = 12

describe('sealers that are killed', () => {
  const children = new Set<ChildProcess>()
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  async function born(): Promise<ChildProcess> {
    const child = fork(processFile, [rig.database.workerUrl, String(batchSize)], {
      execArgv: ['--no-warnings'],
    })
    children.add(child)
    await once(child, 'message')
    return child
  }

  async function killed(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    children.delete(child)
  }

  it('leave whole chains behind, whenever they die, with two at work and writers beside them', async () => {
    const tenants = [auditedTenant(), auditedTenant()]
    let isWriting = true
    const writing = Promise.all(
      tenants.flatMap((tenant) =>
        Array.from({ length: writersOfEach }, () => rig.write(tenant, entriesOfEach)),
      ),
    ).then(() => (isWriting = false))
    let [older, younger] = await Promise.all([born(), born()])
    for (let n = 0; n < kills || isWriting; n += 1) {
      await delay(20 + Math.random() * 60)
      await killed(older)
      older = younger
      younger = await born()
    }
    await writing
    await eventually(async () => (await waiting()) === 0)
    for (const tenant of tenants) {
      expect(await rig.positions(tenant)).toEqual(countTo(writersOfEach * entriesOfEach))
    }
    expect((await rig.verify()).found).toEqual([])
  })
})
