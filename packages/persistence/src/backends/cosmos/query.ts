import type { Container, FeedOptions, SqlParameter, SqlQuerySpec } from '@azure/cosmos'
import { AppError } from '@heirloom/errors'
import { afterPrefix } from '../../keys.js'
import { pageToken, readPageToken } from '../../ports/page-token.js'
import type { RecordPage, RecordRange, TableRecord } from '../../ports/record-table.js'
import type { Account } from './account.js'
import { status, statusCode } from './errors.js'
import {
  belongsTo,
  readItem,
  readSortText,
  sortText,
  type Owner,
  type Seen,
  type StoredItem,
} from './items.js'
import type { Place } from './places.js'

const seenFields = ['id', 'sk', 'tenant_id', 'record_pk', 'nonce', 'expires_at', '_etag']

/** A page ends early after so many answers, each of 4 MB at most, so that its size is bounded. */
const maxAnswers = 4
const maxEmptyAnswers = 500

export async function readOne(
  account: Account,
  { container: name, pk, id }: Place,
  owner: Owner,
  sk: string,
  now: number,
): Promise<TableRecord | null> {
  const item = await account.request(async (client, { abortSignal }) => {
    const container = client.database(account.where.database).container(name.id)
    const answer = await container.item(id, pk).read<StoredItem>({ abortSignal })
    // The SDK takes a container that is not there for an item that is not there.
    if (answer.substatus === ownerNotFound && !name.onDemand) {
      throw Object.assign(new Error('no such container'), { code: status.notFound })
    }
    return answer.resource
  })
  return item !== undefined && belongsTo(item, owner, sk) ? readItem(item, now) : null
}

/** "Owner resource does not exist" */
const ownerNotFound = 1003

/** Those of the items that are there, and the owner's. */
export async function readMany(
  account: Account,
  partition: Omit<Place, 'id'>,
  owner: Owner,
  ids: readonly string[],
  now: number,
): Promise<readonly TableRecord[]> {
  const items = await readAll<StoredItem>(account, partition, idsQuery(partition.pk, ids, '*'))
  return items
    .filter((item) => belongsTo(item, owner, readSortText(item.sk)))
    .flatMap((item) => readItem(item, now) ?? [])
}

/** Those of the items that are there, whoever's they are. */
export function readSeen(
  account: Account,
  partition: Omit<Place, 'id'>,
  ids: readonly string[],
): Promise<readonly Seen[]> {
  const fields = seenFields.map((field) => `c.${field}`).join(', ')
  return readAll<Seen>(account, partition, idsQuery(partition.pk, ids, fields))
}

function idsQuery(pk: string, ids: readonly string[], fields: string): SqlQuerySpec {
  const names = ids.map((_, index) => `@id${index}`)
  return {
    query: `SELECT ${fields} FROM c WHERE c.pk = @pk AND c.id IN (${names.join(', ')})`,
    parameters: [
      { name: '@pk', value: pk },
      ...ids.map((value, index) => ({ name: `@id${index}`, value })),
    ],
  }
}

export async function queryPage(
  account: Account,
  partition: Omit<Place, 'id'>,
  owner: Owner,
  range: RecordRange,
  now: number,
): Promise<RecordPage> {
  const records: TableRecord[] = []
  let lastSk = range.token === undefined ? null : readPageToken(owner.pk, range, range.token)
  for (let answer = 1; ; answer += 1) {
    // One record more than asked tells whether there is a next page.
    const ask = range.limit + 1 - records.length
    const spec = rangeQuery(partition.pk, owner, range, lastSk, now)
    const { items, more } = await readSome<StoredItem>(account, partition, spec, ask)
    records.push(...items.flatMap((item) => readItem(item, now) ?? []))
    if (!more || records.length > range.limit || answer === maxAnswers) {
      return pageOf(owner.pk, range, records, more)
    }
    lastSk = records.at(-1)?.sk ?? lastSk
  }
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

/** The partition key is a condition too, whatever the server makes of the option. */
function rangeQuery(
  pk: string,
  { tenant, pk: recordPk }: Owner,
  range: RecordRange,
  lastSk: string | null,
  now: number,
): SqlQuerySpec {
  const descending = range.order === 'descending'
  const conditions = ['c.pk = @pk', 'c.tenant_id = @tenant', 'c.record_pk = @record_pk']
  const parameters: SqlParameter[] = [
    { name: '@pk', value: pk },
    { name: '@tenant', value: tenant },
    { name: '@record_pk', value: recordPk },
    { name: '@now', value: now },
  ]
  const bound = (operator: string, sk: string): void => {
    const name = `@sk${parameters.length}`
    conditions.push(`c.sk ${operator} ${name}`)
    parameters.push({ name, value: sk })
  }
  if (range.prefix !== undefined && range.prefix !== '') {
    const prefix = sortText(range.prefix)
    bound('>=', prefix)
    // Sort texts are ASCII, so there always is an end.
    bound('<', afterPrefix(prefix) ?? prefix)
  }
  if (range.after !== undefined) bound('>', sortText(range.after))
  if (range.before !== undefined) bound('<', sortText(range.before))
  if (lastSk !== null) bound(descending ? '<' : '>', sortText(lastSk))
  conditions.push('(NOT IS_DEFINED(c.expires_at) OR c.expires_at > @now)')
  const order = descending ? 'DESC' : 'ASC'
  return {
    query: `SELECT * FROM c WHERE ${conditions.join(' AND ')} ORDER BY c.sk ${order}`,
    parameters,
  }
}

interface Some<T> {
  readonly items: readonly T[]
  readonly more: boolean
}

/** One answer that is not empty; `more` when there may be another after it. */
async function readSome<T>(
  account: Account,
  { container: name, pk }: Omit<Place, 'id'>,
  spec: SqlQuerySpec,
  ask: number,
): Promise<Some<T>> {
  return account.request(async (client, { abortSignal }) => {
    const container = client.database(account.where.database).container(name.id)
    const options = { partitionKey: pk, maxItemCount: ask, abortSignal }
    try {
      return await firstAnswer<T>(container, spec, options)
    } catch (error) {
      // A container that comes with its first record has none yet.
      if (name.onDemand && statusCode(error) === status.notFound) return { items: [], more: false }
      throw error
    }
  })
}

async function firstAnswer<T>(
  container: Container,
  spec: SqlQuerySpec,
  options: FeedOptions,
): Promise<Some<T>> {
  const iterator = container.items.query<T>(spec, options)
  for (let empty = 0; empty < maxEmptyAnswers; empty += 1) {
    const { resources } = await iterator.fetchNext()
    const more = iterator.hasMoreResults()
    const items = resources ?? []
    if (items.length > 0 || !more) return { items, more }
  }
  throw new AppError('TIMEOUT', 'Cosmos found nothing for too long; ask for a smaller range')
}

async function readAll<T>(
  account: Account,
  { container: name, pk }: Omit<Place, 'id'>,
  spec: SqlQuerySpec,
): Promise<readonly T[]> {
  return account.request(async (client, { abortSignal }) => {
    const container = client.database(account.where.database).container(name.id)
    try {
      const { resources } = await container.items
        .query<T>(spec, { partitionKey: pk, abortSignal })
        .fetchAll()
      return resources
    } catch (error) {
      if (name.onDemand && statusCode(error) === status.notFound) return []
      throw error
    }
  })
}
