import { Timestamp, type Firestore } from '@google-cloud/firestore'
import type { TenantId } from '@heirloom/tenancy'
import {
  nextKey,
  pageItems,
  rowData,
  tableName,
  type Operations,
} from './persistence-operations.js'

/**
 * The same documents by Google's client alone, in a collection beside the store's. Where a layout
 * puts the tenant into the path, the store writes over no document without a look at whose it is:
 * so does this, in a transaction.
 */
export function vendorFirestore(client: Firestore, tenant: TenantId): Operations {
  const rows = client.collection(`tabular_store/${tenant}/vendor-${tableName}`)
  let n = 0
  return {
    get: async () => (await rows.doc(nextKey()).get()).data(),
    put: () =>
      client.runTransaction(async (transaction) => {
        n += 1
        const key = nextKey()
        const before = await transaction.get(rows.doc(key))
        if (before.exists && before.get('tenant_id') !== tenant) throw new Error('not ours')
        const value = { data: rowData(n) }
        const pk = `table#vendor-${tableName}`
        transaction.set(rows.doc(key), {
          pk,
          sk: key,
          key,
          tenant_id: tenant,
          value,
          nonce: `${n}`,
          written_at: Timestamp.now(),
        })
      }),
    query: async () => {
      const page = await rows
        .where('key', '>=', 'row-')
        .where('key', '<', 'row.')
        .orderBy('key')
        .limit(pageItems + 1)
        .get()
      return page.docs.map((document) => document.data())
    },
  }
}
