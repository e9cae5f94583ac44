/**
 * How a write that got no answer is told from one that never happened:
 * - one put: its version is a UUID that only it can have written. Found there when a repetition is
 *   refused, the put had succeeded.
 * - one delete, or a put that was overwritten since: nothing is left to recognise it by, so it is
 *   reported as it is, uncertain.
 * - several: TransactWriteItems recognises the token of a request that it has completed, for ten
 *   minutes, and answers a repetition with success.
 */
import { randomUUID } from 'node:crypto'
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { conflict } from '../../ports/conflict.js'
import type { Expectation, RecordVersion } from '../../ports/record-table.js'
import { Refused } from './calls.js'
import { conditionOf } from './conditions.js'
import { exhausted } from './errors.js'
import type { Item } from './items.js'
import type { Table } from './table.js'

export interface PlannedWrite {
  readonly key: Item
  /** Null for a delete. */
  readonly item: Item | null
  readonly version: RecordVersion | null
  readonly expect: Expectation
}

/** @throws AppError CONFLICT, BACKEND_UNAVAILABLE, TIMEOUT */
export async function writeOne(
  { client, name, call }: Table,
  tenant: TenantId,
  { key, item, version, expect }: PlannedWrite,
  now: number,
): Promise<void> {
  const condition = conditionOf(expect, tenant, now)
  try {
    await call(async (uncertain) => {
      const request = {
        TableName: name,
        ...condition,
        ...(uncertain ? ({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const) : {}),
      }
      await (item === null
        ? client.send(new DeleteItemCommand({ ...request, Key: key }))
        : client.send(new PutItemCommand({ ...request, Item: item })))
    })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    if (!error.uncertain) throw conflict([0], error.cause)
    if (version !== null && foundVersion(error.cause) === version) return
    throw new AppError(
      'BACKEND_UNAVAILABLE',
      'DynamoDB did not say whether this was written: read it, and try again',
      { cause: error.cause },
    )
  }
}

/** @throws AppError CONFLICT, BACKEND_UNAVAILABLE, TIMEOUT */
export async function writeMany(
  { client, name, call }: Table,
  tenant: TenantId,
  writes: readonly PlannedWrite[],
  now: number,
): Promise<void> {
  const ClientRequestToken = randomUUID()
  const TransactItems = writes.map(({ key, item, expect }): TransactWriteItem => {
    const request = { TableName: name, ...conditionOf(expect, tenant, now) }
    return item === null
      ? { Delete: { ...request, Key: key } }
      : { Put: { ...request, Item: item } }
  })
  try {
    await call(() =>
      client.send(new TransactWriteItemsCommand({ ClientRequestToken, TransactItems })),
    )
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw refusedTogether(error, writes)
  }
}

function refusedTogether({ cause }: Refused, writes: readonly PlannedWrite[]): AppError {
  if (cause instanceof ConditionalCheckFailedException) return conflict([], cause)
  const codes = (cause.CancellationReasons ?? []).map(({ Code }) => Code)
  const failed = codes.flatMap((code, index) => (code === 'ConditionalCheckFailed' ? [index] : []))
  if (failed.length > 0) return conflict(failed, cause)
  // Somebody was writing the same records at every attempt. Who expected something of them is best
  // served by looking again; who expected nothing can only come back later.
  const contended = codes.some(
    (code, index) => code === 'TransactionConflict' && writes[index]?.expect !== 'anything',
  )
  return contended ? conflict([], cause) : exhausted(reasonOf(codes, cause))
}

/** So that `exhausted` sees why, and not just that a transaction was cancelled. */
function reasonOf(codes: readonly (string | undefined)[], cause: unknown): unknown {
  const code = codes.find((one) => one !== undefined && one !== 'None')
  return Object.assign(new Error('the transaction was cancelled', { cause }), { code })
}

function foundVersion(error: Refused['cause']): string | undefined {
  return error instanceof ConditionalCheckFailedException ? error.Item?.['version']?.S : undefined
}
