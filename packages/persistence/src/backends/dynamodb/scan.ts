import { ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb'
import type { TenantId } from '@heirloom/tenancy'
import {
  readScanToken,
  scanToken,
  type ScannedRecord,
  type ScanPage,
  type ScanRange,
} from '../../ports/record-scan.js'
import { readItem, type Item } from './items.js'
import type { Table } from './table.js'

/**
 * A Scan of the whole table with a filter: what the filter hides is read, and paid for, all the
 * same, so a page may be empty. Items in a table that other layouts share are told apart by the
 * neutral partition key that each carries.
 */
export async function scan(
  { client, name, call }: Table,
  range: ScanRange,
  now: () => number,
): Promise<ScanPage> {
  const position = readScanToken(range)
  const output = await call(() =>
    client.send(
      new ScanCommand({
        TableName: name,
        ConsistentRead: true,
        Limit: range.limit,
        ...filterOf(range),
        ...(position === null ? {} : { ExclusiveStartKey: startOf(position) }),
      }),
    ),
  )
  const at = now()
  const records = (output.Items ?? []).flatMap((item) => recordOf(item, at) ?? [])
  const { LastEvaluatedKey: last } = output
  if (last === undefined) return { records, next: null }
  return { records, next: scanToken(range, [last['PK']?.S ?? '', last['SK']?.S ?? '']) }
}

function filterOf({ tenant, prefixes }: ScanRange): {
  FilterExpression: string
  ExpressionAttributeValues: Record<string, AttributeValue>
} {
  const names = prefixes.map((_, index) => `begins_with(pk, :p${index})`)
  const values = Object.fromEntries(prefixes.map((S, index) => [`:p${index}`, { S }]))
  const any = `(${names.join(' OR ')})`
  if (tenant === null) return { FilterExpression: any, ExpressionAttributeValues: values }
  return {
    FilterExpression: `tenant_id = :tenant AND ${any}`,
    ExpressionAttributeValues: { ...values, ':tenant': { S: tenant } },
  }
}

function recordOf(item: Item, now: number): ScannedRecord | null {
  const tenant = item['tenant_id']?.S as TenantId | undefined
  const pk = item['pk']?.S
  if (tenant === undefined || pk === undefined) return null
  const record = readItem(item, tenant, now)
  return record === null ? null : { tenant, pk, ...record }
}

function startOf([pk = '', sk = '']: readonly string[]): Item {
  return { PK: { S: pk }, SK: { S: sk } }
}
