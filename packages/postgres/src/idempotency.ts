import { createHash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { ActorId, TenantId } from '@heirloom/tenancy'
import type { Migrations } from './migrate.js'

/** The table behind `idempotent`, for the migration list of every service that takes keys. */
export const idempotencyMigrations: Migrations = {
  prefix: 'idempotency',
  directory: new URL('../migrations/idempotency/', import.meta.url),
}

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export interface IdempotentRequest {
  readonly tenantId: TenantId
  readonly actorId: ActorId
  /** Keys of different operations never meet. */
  readonly operation: string
  /** Without a key the work simply runs. */
  readonly key: string | null | undefined
  /** What was asked for: a repeat must ask for the same. */
  readonly input: unknown
}

/** How long a key is remembered. */
export const idempotencyKeyHours = 24
const maxKeyLength = 128
// Postgres takes no NUL, and would make one key of all that differ in lone surrogates alone.
const notText = /[\0\p{Cs}]/u
/** So many of a tenant's forgotten keys go with each new one: the table grows no further. */
const forgottenAtOnce = 10

/**
 * Runs `work` once per key, inside the caller's transaction: the result is remembered if and only
 * if the work commits. A simultaneous repeat waits for the first and returns its result.
 * @throws AppError IDEMPOTENCY_KEY_REUSED when the key came with other input before
 * @throws AppError INVALID_INPUT for a key that is empty, longer than 128 characters or no text
 */
export async function idempotent<Schema, Result extends JsonValue>(
  trx: Transaction<Schema>,
  request: IdempotentRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  const { tenantId, actorId, operation, key } = request
  if (key === null || key === undefined) return work()
  if (key.length === 0 || key.length > maxKeyLength) {
    throw new AppError('INVALID_INPUT', `an idempotency key has 1 to ${maxKeyLength} characters`)
  }
  if (notText.test(key)) {
    throw new AppError('INVALID_INPUT', 'an idempotency key holds characters that are not text')
  }
  const inputHash = hashOf(request.input)

  // The insert blocks while another transaction holds the same key, and sees its row afterwards.
  // A row past its age is taken over as if it were not there.
  const claimed = await sql`
    insert into idempotency (tenant_id, actor_id, operation, key, input_hash)
    values (${tenantId}, ${actorId}, ${operation}, ${key}, ${inputHash})
    on conflict (tenant_id, actor_id, operation, key) do update
      set input_hash = excluded.input_hash, result = null, created_at = now()
      where idempotency.created_at < now() - make_interval(hours => ${idempotencyKeyHours})
    returning key`.execute(trx)
  if (claimed.rows.length === 0) return remembered<Schema, Result>(trx, request, inputHash)

  await forgetOld(trx, tenantId)
  const result = await work()
  await sql`
    update idempotency set result = ${JSON.stringify(result)}::jsonb
    where tenant_id = ${tenantId} and actor_id = ${actorId}
      and operation = ${operation} and key = ${key}`.execute(trx)
  return result
}

/** Rows that somebody else holds are left to them: nobody waits here. */
async function forgetOld<Schema>(trx: Transaction<Schema>, tenantId: TenantId): Promise<void> {
  await sql`
    delete from idempotency where ctid = any(array(
      select ctid from idempotency
      where tenant_id = ${tenantId}
        and created_at < now() - make_interval(hours => ${idempotencyKeyHours})
      order by created_at
      limit ${forgottenAtOnce}
      for update skip locked))`.execute(trx)
}

async function remembered<Schema, Result extends JsonValue>(
  trx: Transaction<Schema>,
  { tenantId, actorId, operation, key }: IdempotentRequest,
  inputHash: string,
): Promise<Result> {
  const { rows } = await sql<{ input_hash: string; result: Result }>`
    select input_hash, result from idempotency
    where tenant_id = ${tenantId} and actor_id = ${actorId}
      and operation = ${operation} and key = ${key}`.execute(trx)
  const first = rows[0]
  if (first === undefined) {
    throw new AppError('CONFLICT', 'the first request with this key is not finished; try again')
  }
  if (first.input_hash !== inputHash) {
    throw new AppError(
      'IDEMPOTENCY_KEY_REUSED',
      'this idempotency key was used for another request; take a new key',
    )
  }
  return first.result
}

function hashOf(input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(input)))
    .digest('hex')
}

/** Objects with the same fields hash alike, whatever their order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => [name, sorted(field)]),
  )
}
