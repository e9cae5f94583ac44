import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import { tenantId } from '@heirloom/tenancy'
import { given, saveRoute } from '../testing/operations.js'
import { startStorageRig, type StorageRig } from '../testing/rig.js'

describe('records that have expired', () => {
  let rig: StorageRig
  let aheadMs = 0

  beforeAll(async () => {
    rig = await startStorageRig({ now: () => Date.now() + aheadMs })
    const operator = testTenant({ tenantId: tenantId('t_system'), roles: ['operator'] })
    const route = { resourceKind: 'tabular_store', tenantId: null }
    given(await saveRoute(await rig.main.as(operator), route))
  })
  afterAll(() => rig.close())

  it('are deleted an hour later, of every tenant, once for all routes to a backend', async () => {
    const clients = [await rig.main.as(testTenant()), await rig.main.as(testTenant())]
    for (const client of clients) {
      for (const [key, expiresAt] of [
        ['soon', new Date(Date.now() + 60_000).toISOString()],
        ['never', null],
      ]) {
        given(
          await client(
            `mutation ($input: SaveTableRowInput!) { saveTableRow(input: $input) { __typename } }`,
            { input: { table: 'things', key, data: {}, expiresAt } },
          ),
        )
      }
    }
    const { expiredRecords } = rig.main.storage
    expect(await expiredRecords.purgeAll()).toBe(0)
    aheadMs = 120_000
    const rows = '{ tableRows(table: "things") { nodes { key } } }'
    for (const client of clients) {
      expect(given(await client(rows))).toEqual({ tableRows: { nodes: [{ key: 'never' }] } })
    }
    // Nobody reads them any more; whoever's clock is behind may.
    expect(await expiredRecords.purgeAll()).toBe(0)
    aheadMs = 2 * 3_600_000
    expect(await expiredRecords.purgeAll()).toBe(2)
    expect(await expiredRecords.purgeAll()).toBe(0)
    for (const client of clients) {
      expect(given(await client(rows))).toEqual({ tableRows: { nodes: [{ key: 'never' }] } })
    }
  })
})
