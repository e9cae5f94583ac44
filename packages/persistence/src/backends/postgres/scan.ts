import { sql, type RawBuilder } from 'kysely'
import type { Database } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import { afterPrefix } from '../../keys.js'
import {
  readScanToken,
  scanToken,
  type ScannedRecord,
  type ScanPage,
  type ScanRange,
} from '../../ports/record-scan.js'
import { columns, toRecord, type ReadRow } from './rows.js'
import type { RecordSchema } from './schema.js'

interface ScanRow extends ReadRow {
  readonly pk: string
}

/**
 * By the primary key, tenant after tenant: each page is one statement under the row-level security
 * of one tenant, and begins after the key where the page before it ended.
 */
export async function scan(
  database: Database<RecordSchema>,
  range: ScanRange,
  now: () => number,
): Promise<ScanPage> {
  const [tenant = '', pk = '', sk = ''] = readScanToken(range) ?? []
  const current = await tenantAt(database, range, tenant)
  if (current === null) return { records: [], next: null }
  const from = current === tenant ? { pk, sk } : { pk: '', sk: '' }
  const rows = await readRows(database, current, range, from, now())
  const page = rows.slice(0, range.limit)
  const last = page.at(-1)
  if (rows.length > range.limit && last !== undefined) {
    return {
      records: recordsOf(current, page),
      next: scanToken(range, [current, last.pk, last.sk]),
    }
  }
  const following = range.tenant === null ? await nextTenant(database, current) : null
  return {
    records: recordsOf(current, page),
    next: following === null ? null : scanToken(range, [following, '', '']),
  }
}

async function tenantAt(
  database: Database<RecordSchema>,
  range: ScanRange,
  tenant: string,
): Promise<TenantId | null> {
  if (range.tenant !== null) return range.tenant
  return tenant === '' ? nextTenant(database, '') : (tenant as TenantId)
}

async function nextTenant(
  database: Database<RecordSchema>,
  after: string,
): Promise<TenantId | null> {
  const { rows } = await sql<{ tenant: TenantId }>`
    select record_tenants as tenant from record_tenants(${after}, 1)`.execute(database.unbound)
  return rows[0]?.tenant ?? null
}

async function readRows(
  database: Database<RecordSchema>,
  tenant: TenantId,
  range: ScanRange,
  from: { readonly pk: string; readonly sk: string },
  now: number,
): Promise<readonly ScanRow[]> {
  const { rows } = await database.for(tenant).transaction((trx) =>
    sql<ScanRow>`select pk, ${sql.raw(columns)} from record
      where tenant_id = ${tenant} and (pk, sk) > (${from.pk}, ${from.sk})
        and (${sql.join(range.prefixes.map(beginsWith), sql` or `)})
        and (expires_at is null or expires_at > ${new Date(now)})
      order by pk, sk limit ${range.limit + 1}`.execute(trx),
  )
  return rows
}

function beginsWith(prefix: string): RawBuilder<unknown> {
  const end = afterPrefix(prefix)
  return end === null ? sql`pk >= ${prefix}` : sql`(pk >= ${prefix} and pk < ${end})`
}

function recordsOf(tenant: TenantId, rows: readonly ScanRow[]): readonly ScannedRecord[] {
  return rows.map((row) => ({ tenant, pk: row.pk, ...toRecord(row) }))
}
