/**
 * A page comes from every collection that holds records of the partition; almost always that is
 * one. Each round asks all of them for what lies behind the last key, and takes what lies before
 * the horizon: the last key that one of them has shown while it has more to show. All rounds read
 * at the moment of the first one, so that the page is a snapshot.
 */
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { afterPrefix } from '../../keys.js'
import { pageToken, readPageToken } from '../../ports/page-token.js'
import type { RecordPage, RecordRange, TableRecord } from '../../ports/record-table.js'
import type { Database, WireFilter, WireQuery } from './database.js'
import { readRecord, readSnapshot, type WireDocument } from './documents.js'
import { partitionDigest, type Collection } from './places.js'
import type { WireTimestamp } from './values.js'

export interface Partition {
  readonly tenant: TenantId
  readonly pk: string
  readonly collections: readonly Collection[]
}

/** Expired documents are read, and left out here, until Firestore has deleted them. */
const maxRounds = 100
const maxRoundDocuments = 2_000

export async function queryPage(
  database: Database,
  partition: Partition,
  range: RecordRange,
  now: number,
): Promise<RecordPage> {
  const digest = partitionDigest(partition.tenant, partition.pk)
  const order = range.order === 'descending' ? -1 : 1
  const records: TableRecord[] = []
  let lastSk = range.token === undefined ? null : readPageToken(partition.pk, range, range.token)
  let readTime: WireTimestamp | null = null
  // One record more than asked tells whether there is a next page.
  let ask = range.limit + 1
  for (let round = 0; round < maxRounds; round += 1) {
    const found: WireDocument[] = []
    let horizon: string | null = null
    let cut = false
    for (const collection of partition.collections) {
      const query = structuredQuery(collection, digest, range, lastSk, ask)
      const answer = await database.query(collection.parent, query, readTime)
      readTime = answer.readTime
      found.push(...answer.documents)
      cut ||= answer.cut
      if (!answer.cut && answer.documents.length < ask) continue
      const last = skOf(answer.documents.at(-1))
      if (horizon === null || order * compare(last, horizon) < 0) horizon = last
    }
    const end = horizon
    const shown = found
      .filter((document) => end === null || order * compare(skOf(document), end) <= 0)
      .sort((one, other) => order * compare(skOf(one), skOf(other)))
    for (const document of shown) {
      const record = readRecord(readSnapshot(document), partition, skOf(document), now)
      if (record !== null) records.push(record)
    }
    if (end === null || records.length > range.limit || (cut && records.length > 0)) {
      return pageOf(partition.pk, range, records, end !== null)
    }
    lastSk = end
    ask = Math.min(maxRoundDocuments, ask * 2)
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

function structuredQuery(
  { collectionId }: Collection,
  digest: string,
  range: RecordRange,
  lastSk: string | null,
  ask: number,
): WireQuery {
  const descending = range.order === 'descending'
  const lower = digest + (range.prefix ?? '')
  const filters = [filter('GREATER_THAN_OR_EQUAL', lower)]
  const end = afterPrefix(lower)
  if (end !== null) filters.push(filter('LESS_THAN', end))
  if (range.after !== undefined) filters.push(filter('GREATER_THAN', digest + range.after))
  if (range.before !== undefined) filters.push(filter('LESS_THAN', digest + range.before))
  if (lastSk !== null) {
    filters.push(filter(descending ? 'LESS_THAN' : 'GREATER_THAN', digest + lastSk))
  }
  return {
    from: [{ collectionId }],
    where: { compositeFilter: { op: 'AND', filters } },
    orderBy: [{ field: { fieldPath: 'key' }, direction: descending ? 'DESCENDING' : 'ASCENDING' }],
    limit: { value: ask },
  }
}

/** Firestore orders texts by their UTF-8, as the port does. */
function filter(op: WireFilter['fieldFilter']['op'], key: string): WireFilter {
  return { fieldFilter: { field: { fieldPath: 'key' }, op, value: { stringValue: key } } }
}

function skOf(document: WireDocument | undefined): string {
  return document?.fields?.['sk']?.stringValue ?? ''
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
