import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inboxRetentionDays, once, type DomainEvent } from '@heirloom/events'
import { createDatabase, type Database } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { newId, startEventRig, storyDeleted, type EventRig } from './event-rig.js'

describe('the inbox', () => {
  let rig: EventRig
  let all: Database<unknown>
  let tenant: TenantContext

  beforeAll(async () => {
    rig = await startEventRig()
    all = createDatabase<unknown>({ url: rig.db.superuserUrl, applicationName: 'look' })
  })
  beforeEach(() => {
    tenant = testTenant()
  })
  afterAll(async () => {
    await all.close()
    await rig.close()
  })

  function event(of: TenantContext = tenant): DomainEvent {
    return storyDeleted(newId(), 1, of)
  }

  /** Resolves to whether the work ran. */
  function apply(one: DomainEvent, handler = 'test'): Promise<boolean> {
    return rig.app
      .for(one.tenant_id)
      .transaction((trx) => once(trx, handler, one, () => Promise.resolve()))
  }

  async function age(one: DomainEvent, days: number): Promise<void> {
    await sql`update inbox set applied_at = now() - make_interval(days => ${days})
      where event_id = ${one.id}`.execute(all.unbound)
  }

  async function applied(of: TenantContext = tenant): Promise<readonly string[]> {
    const { rows } = await sql<{ event_id: string }>`select event_id from inbox
      where tenant_id = ${of.tenantId}`.execute(all.unbound)
    return rows.map(({ event_id: id }) => id).toSorted()
  }

  it('forgets events that can come no more, and none that can', async () => {
    const [old, justOld, young, latest] = [event(), event(), event(), event()]
    for (const one of [old, justOld, young]) await apply(one)
    await age(old, inboxRetentionDays + 1)
    await age(justOld, inboxRetentionDays - 1)
    await apply(latest)
    expect(await applied()).toEqual([justOld.id, young.id, latest.id].toSorted())
    expect(await apply(justOld)).toBe(false)
  })

  it('counts from the last delivery, so that what keeps coming is never applied twice', async () => {
    const one = event()
    expect(await apply(one)).toBe(true)
    for (let delivery = 0; delivery < 3; delivery += 1) {
      await age(one, inboxRetentionDays - 1)
      expect(await apply(one)).toBe(false)
      await apply(event())
    }
    await age(one, inboxRetentionDays + 1)
    // Not yet deleted, so it is still known.
    expect(await apply(one)).toBe(false)
    await apply(event())
    expect(await applied()).toContain(one.id)
  })

  it('keeps what a rolled back delivery would have renewed or forgotten', async () => {
    const [old, one] = [event(), event()]
    await apply(old)
    await age(old, inboxRetentionDays + 1)
    const failed = rig.app
      .for(tenant.tenantId)
      .transaction((trx) =>
        once(trx, 'test', one, () => Promise.reject(new Error('the handler failed'))),
      )
    await expect(failed).rejects.toThrow('the handler failed')
    expect(await applied()).toEqual([old.id])
    expect(await apply(one)).toBe(true)
  })

  it('shrinks while events come, however many are applied side by side', async () => {
    const old = Array.from({ length: 60 }, () => event())
    for (const one of old) await apply(one)
    for (const one of old) await age(one, inboxRetentionDays + 1)
    const fresh = Array.from({ length: 12 }, () => event())
    const ran = await Promise.all(fresh.flatMap((one) => [apply(one), apply(one)]))
    expect(ran.filter(Boolean)).toHaveLength(fresh.length)
    for (const one of fresh) await apply(one)
    expect(await applied()).toEqual(fresh.map(({ id }) => id).toSorted())
  })

  it('of another tenant, and of another handler, is its own', async () => {
    const stranger = testTenant()
    const [theirs, mine] = [event(stranger), event()]
    await apply(theirs)
    await age(theirs, inboxRetentionDays + 1)
    expect(await apply(mine)).toBe(true)
    expect(await apply(mine, 'other')).toBe(true)
    expect(await applied(stranger)).toEqual([theirs.id])
  })
})
