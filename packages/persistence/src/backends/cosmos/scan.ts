/**
 * A scan goes through the containers of a layout, one after the other by name: the route's, and
 * those that its shapes name, which are looked up in the database where their names have parts of
 * keys in them. Within a container items follow each other by `place`, a digest that orders the
 * items of all partitions. A position is the container and the last place.
 */
import type { SqlParameter } from '@azure/cosmos'
import type { TenantId } from '@heirloom/tenancy'
import type { KeyLayout } from '../../ports/key-layout.js'
import {
  readScanToken,
  scanToken,
  type ScannedRecord,
  type ScanPage,
  type ScanRange,
} from '../../ports/record-scan.js'
import { readVendorId } from '../vendor-id.js'
import type { Account } from './account.js'
import { status, statusCode } from './errors.js'
import { readItem, type StoredItem } from './items.js'

export async function scan(
  account: Account,
  routed: string,
  range: ScanRange,
  layout: KeyLayout | undefined,
  now: number,
): Promise<ScanPage> {
  const [position = '', place = ''] = readScanToken(range) ?? []
  const containers = await containersOf(account, routed, layout)
  const container = containers.find((name) => name >= position)
  if (container === undefined) return { records: [], next: null }
  const items = await read(account, container, range, container === position ? place : '', now)
  const records = items.flatMap((item): readonly ScannedRecord[] => {
    const record = readItem(item, now)
    const owner = { tenant: item.tenant_id as TenantId, pk: item.record_pk }
    return record === null ? [] : [{ ...owner, ...record }]
  })
  const last = items.at(-1)
  if (items.length >= range.limit && last !== undefined) {
    return { records, next: scanToken(range, [container, last.place]) }
  }
  const following = containers.find((name) => name > container)
  return { records, next: following === undefined ? null : scanToken(range, [following, '']) }
}

/** In the order of their names. */
async function containersOf(
  account: Account,
  routed: string,
  layout: KeyLayout | undefined,
): Promise<readonly string[]> {
  const patterns = (layout?.shapes ?? []).flatMap(({ collection }) => collection ?? [])
  if (patterns.length === 0) return [routed]
  const ids = await account.request(async (client, { abortSignal }) => {
    const { resources } = await client
      .database(account.where.database)
      .containers.readAll({ abortSignal })
      .fetchAll()
    return resources.map(({ id }) => id)
  })
  return ids.filter((id) => id === routed || patterns.some((one) => fits(one, id))).sort()
}

function fits(pattern: string, id: string): boolean {
  const name = readVendorId(id)
  // Of a name that was too long, nothing is left to tell.
  if (name === null) return true
  const [start = '', ...rest] = pattern.split(/\{[^}]*\}/)
  const end = rest.at(-1)
  return end === undefined ? name === start : name.startsWith(start) && name.endsWith(end)
}

async function read(
  account: Account,
  container: string,
  range: ScanRange,
  place: string,
  now: number,
): Promise<readonly StoredItem[]> {
  const parameters: SqlParameter[] = [
    { name: '@place', value: place },
    { name: '@now', value: now },
    ...range.prefixes.map((value, index) => ({ name: `@p${index}`, value })),
    ...(range.tenant === null ? [] : [{ name: '@tenant', value: range.tenant }]),
  ]
  const prefixes = range.prefixes.map((_, index) => `STARTSWITH(c.record_pk, @p${index})`)
  const conditions = [
    'c.place > @place',
    `(${prefixes.join(' OR ')})`,
    '(NOT IS_DEFINED(c.expires_at) OR c.expires_at > @now)',
    ...(range.tenant === null ? [] : ['c.tenant_id = @tenant']),
  ]
  const query = `SELECT TOP ${range.limit} * FROM c WHERE ${conditions.join(' AND ')} ORDER BY c.place`
  return account.request(async (client, { abortSignal }) => {
    try {
      const { resources } = await client
        .database(account.where.database)
        .container(container)
        .items.query<StoredItem>({ query, parameters }, { abortSignal })
        .fetchAll()
      return resources
    } catch (error) {
      // It was removed since its name was read.
      if (statusCode(error) === status.notFound) return []
      throw error
    }
  })
}
