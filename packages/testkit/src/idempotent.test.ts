import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createDatabase,
  idempotencyMigrations,
  idempotent,
  type Database,
  type JsonValue,
} from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { testDatabase, testTenant, type TestDatabase } from './index.js'

let made: TestDatabase
let database: Database<unknown>
let all: Database<unknown>

beforeAll(async () => {
  made = await testDatabase([idempotencyMigrations])
  database = createDatabase({ url: made.appUrl, applicationName: 'test' })
  all = createDatabase({ url: made.superuserUrl, applicationName: 'look' })
})

afterAll(async () => {
  await database.close()
  await all.close()
  await made.drop()
})

function once({ tenantId, actor }: TenantContext, key: string): Promise<JsonValue> {
  const request = { tenantId, actorId: actor.id, operation: 'op', key, input: {} }
  return database
    .for(tenantId)
    .transaction((trx) => idempotent(trx, request, () => Promise.resolve(key)))
}

async function keysOf({ tenantId }: TenantContext): Promise<readonly string[]> {
  const { rows } = await sql<{ key: string }>`
    select key from idempotency where tenant_id = ${tenantId} order by key`.execute(all.unbound)
  return rows.map(({ key }) => key)
}

describe('an idempotency key', () => {
  // Lone surrogates would all become the same character, and so two keys one.
  it.each([
    ['', 'nothing'],
    ['a\0b', 'NUL'],
    ['a\ud800', 'half a character'],
    ['k'.repeat(129), 'too many characters'],
  ])('is refused when it is no text to remember: %j, %s', async (key) => {
    await expect(once(testTenant(), key)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  it('is forgotten after its day, a few with each new one, and those of others are left alone', async () => {
    const [tenant, other] = [testTenant(), testTenant()]
    for (const key of ['old-1', 'old-2']) await once(tenant, key)
    await once(other, 'old')
    await sql`update idempotency set created_at = now() - interval '25 hours'`.execute(all.unbound)
    await once(tenant, 'young')
    expect(await keysOf(tenant)).toEqual(['young'])
    expect(await keysOf(other)).toEqual(['old'])
  })
})
