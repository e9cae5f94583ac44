import { QueryCommand } from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { pageToken } from '../../ports/page-token.js'
import type {
  RecordPage,
  RecordRange,
  RecordTableCapabilities,
  TableRecord,
} from '../../ports/record-table.js'
import { intervalOf, type Interval } from './interval.js'
import { readItem, type Item } from './items.js'
import type { Table } from './table.js'

export interface Partition {
  readonly tenant: TenantId
  readonly pk: string
  readonly nativePk: string
}

/** A page ends early when it has this much, so that its size in memory is bounded. */
const maxPageBytes = 4 * 1_024 * 1_024
/** DynamoDB answers with 1 MB at most, expired records included, until it has deleted them. */
const maxRounds = 500
const maxRoundItems = 2_000

/** Up to `range.limit` live records, however many rounds that takes. */
export async function queryPage(
  table: Table,
  partition: Partition,
  range: RecordRange,
  capabilities: RecordTableCapabilities,
  now: number,
): Promise<RecordPage> {
  const interval = intervalOf(partition.pk, range, capabilities)
  if (interval === null) return { records: [], next: null }
  const records: TableRecord[] = []
  let start: Item | undefined
  let bytes = 0
  const { excludedLow, excludedHigh } = interval
  // One record more than asked tells whether there is a next page. A bound to be left out comes
  // first, if it is where reading begins; the other one is not met on a page that is full.
  const first = range.order === 'descending' ? excludedHigh : excludedLow
  let ask = range.limit + (first === null ? 1 : 2)
  for (let round = 0; round < maxRounds; round += 1) {
    const { items, last } = await readRound(table, partition, range, interval, ask, start)
    for (const item of items) {
      const sk = item['SK']?.S
      if (sk === excludedLow || sk === excludedHigh) continue
      const record = readItem(item, partition.tenant, now)
      if (record === null) continue
      records.push(record)
      bytes += item['data']?.S?.length ?? 0
    }
    if (last === undefined || records.length > range.limit || bytes >= maxPageBytes) {
      return pageOf(partition.pk, range, records, last !== undefined)
    }
    start = last
    ask = Math.min(maxRoundItems, ask * 2)
  }
  throw new AppError('TIMEOUT', 'too many expired records lie in this range; ask for a smaller one')
}

function pageOf(
  pk: string,
  range: RecordRange,
  found: readonly TableRecord[],
  more: boolean,
): RecordPage {
  const records = found.slice(0, range.limit)
  const last = records.at(-1)
  const goesOn = (more || found.length > range.limit) && last !== undefined
  return { records, next: goesOn ? pageToken(pk, range, last.sk) : null }
}

async function readRound(
  { client, name, call }: Table,
  { nativePk }: Partition,
  range: RecordRange,
  { condition, values }: Interval,
  ask: number,
  start: Item | undefined,
): Promise<{ items: readonly Item[]; last: Item | undefined }> {
  const output = await call(() =>
    client.send(
      new QueryCommand({
        TableName: name,
        ConsistentRead: true,
        KeyConditionExpression: `PK = :pk${condition}`,
        ExpressionAttributeValues: { ':pk': { S: nativePk }, ...values },
        ScanIndexForward: range.order !== 'descending',
        Limit: ask,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    ),
  )
  return { items: output.Items ?? [], last: output.LastEvaluatedKey }
}
