/**
 * The statements that need nothing but themselves, and so take one round trip. A write of a single
 * record judges what is expected in the condition of the write itself: READ COMMITTED judges it by
 * the row as it is once it is locked, so of several writers at once exactly one finds it true.
 */
import type { Statement, StatementParameter } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import { afterPrefix } from '../../keys.js'
import { readPageToken } from '../../ports/page-token.js'
import type { Expectation, RecordRange, Write } from '../../ports/record-table.js'
import { columns } from './rows.js'
import { recordChannel, wakeUpPayload } from './wake-ups.js'

export interface Partition {
  readonly tenantId: TenantId
  readonly pk: string
  readonly now: number
}

/** Keeps the value as a parameter, and is what stands for it in the statement. */
type Place = (value: StatementParameter) => string

function statement(write: (place: Place) => string): Statement {
  const parameters: StatementParameter[] = []
  const sql = write((value) => `$${parameters.push(value)}`)
  return { sql, parameters }
}

export function getStatement(partition: Partition, sk: string): Statement {
  return statement((place) => `${selectAlive(partition, place)} and sk = ${place(sk)}`)
}

export function getManyStatement(partition: Partition, sks: readonly string[]): Statement {
  return statement((place) => `${selectAlive(partition, place)} and sk = any(${place(sks)})`)
}

/** One row more than asked tells whether there is a next page. @throws AppError CURSOR_INVALID */
export function rangeStatement(partition: Partition, range: RecordRange): Statement {
  const descending = range.order === 'descending'
  const { prefix = '', after, before, token } = range
  const end = prefix === '' ? null : afterPrefix(prefix)
  const last = token === undefined ? null : readPageToken(partition.pk, range, token)
  return statement((place) =>
    [
      selectAlive(partition, place),
      prefix === '' ? '' : `and sk >= ${place(prefix)}`,
      end === null ? '' : `and sk < ${place(end)}`,
      after === undefined ? '' : `and sk > ${place(after)}`,
      before === undefined ? '' : `and sk < ${place(before)}`,
      last === null ? '' : `and sk ${descending ? '<' : '>'} ${place(last)}`,
      `order by sk ${descending ? 'desc' : 'asc'} limit ${place(range.limit + 1)}`,
    ].join(' '),
  )
}

/** Returns one row if a record was written or removed: none means that the expectation failed. */
export function writeStatement(partition: Partition, write: Write, text: string | null): Statement {
  const { tenantId, pk } = partition
  return statement((place) => {
    const key = [place(tenantId), place(pk), place(write.sk)]
    const payload = place(wakeUpPayload(tenantId, pk))
    return `with written as (${written(partition, write, text, key, place)})
      select version, pg_notify(${place(recordChannel)}, ${payload}) from written`
  })
}

function written(
  { now }: Partition,
  write: Write,
  text: string | null,
  key: readonly string[],
  place: Place,
): string {
  const { expect = 'anything' } = write
  const at = `tenant_id = ${key[0]} and pk = ${key[1]} and sk = ${key[2]}`
  const holds = condition(expect, now, place)
  if (write.op === 'delete') return `delete from record where ${at} and ${holds} returning version`
  const value = `${place(text)}::jsonb`
  const expiresAt = `${place(write.expiresAt ?? null)}::timestamptz`
  if (typeof expect === 'object') {
    return `update record
      set value = ${value}, expires_at = ${expiresAt}, version = nextval('record_version')
      where ${at} and ${holds} returning version`
  }
  return `insert into record (tenant_id, pk, sk, value, expires_at)
    values (${key.join(', ')}, ${value}, ${expiresAt})
    on conflict (tenant_id, pk, sk) do update
      set value = excluded.value, expires_at = excluded.expires_at,
          version = nextval('record_version')
      where ${holds} returning version`
}

/** Of the row that is there: it is expected, or it has expired and so counts as absent. */
function condition(expect: Expectation, now: number, place: Place): string {
  if (expect === 'anything') return 'true'
  const at = place(new Date(now))
  if (expect === 'absent') return `record.expires_at <= ${at}`
  // Compared as texts, because what was never a version of ours may be no number.
  return `version::text = ${place(expect.version)} and (expires_at is null or expires_at > ${at})`
}

function selectAlive({ tenantId, pk, now }: Partition, place: Place): string {
  return `select ${columns} from record
    where tenant_id = ${place(tenantId)} and pk = ${place(pk)}
      and (expires_at is null or expires_at > ${place(new Date(now))})`
}
