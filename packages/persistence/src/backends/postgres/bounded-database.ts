import { AppError, hasCode } from '@heirloom/errors'
import type { Database, TenantDatabase } from '@heirloom/postgres'
import { asAway } from '../away.js'
import type { RecordSchema } from './schema.js'

export interface PostgresTiming {
  /** For one request, connecting included; above what the server allows a statement. */
  readonly requestTimeoutMs?: number
}

const defaultRequestTimeoutMs = 20_000
/** When a caller may try again after we have given up. */
const retryAfterMs = 1_000

export type Bounded = <T>(work: () => Promise<T>) => Promise<T>

/**
 * No request waits for ever on a server that keeps silent, and every failure says what helps. Who is
 * given up on keeps its connection until the server, or the network, ends it.
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT with `retry_after_ms`
 */
export function createBounded({
  requestTimeoutMs = defaultRequestTimeoutMs,
}: PostgresTiming): Bounded {
  return async (work) => {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(silent()), requestTimeoutMs)
    })
    try {
      return await Promise.race([work(), timeout])
    } catch (error) {
      throw translate(error)
    } finally {
      clearTimeout(timer)
    }
  }
}

export function boundedFor(
  database: TenantDatabase<RecordSchema>,
  bounded: Bounded,
): TenantDatabase<RecordSchema> {
  return {
    tenantId: database.tenantId,
    transaction: (work) => bounded(() => database.transaction(work)),
    batch: (statements) => bounded(() => database.batch(statements)),
  }
}

export function boundedDatabase(
  database: Database<RecordSchema>,
  bounded: Bounded,
): Database<RecordSchema> {
  return {
    unbound: database.unbound,
    for: (tenant) => boundedFor(database.for(tenant), bounded),
    ping: () => bounded(() => database.ping()),
    close: () => database.close(),
  }
}

function silent(): AppError {
  return asAway(new AppError('TIMEOUT', 'Postgres did not answer in time', { details }))
}

const details = { retry_after_ms: retryAfterMs } as const

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const invalidAuthorization = '28'
const invalidCatalogName = '3D000'
const undefinedTable = '42P01'
const insufficientPrivilege = '42501'

/** What packages/postgres translates, and what only this backend knows the remedy for. */
function translate(error: unknown): unknown {
  if (error instanceof AppError) {
    if (Object.hasOwn(error.details, 'retry_after_ms')) return error
    if (hasCode(error, 'TIMEOUT')) {
      return new AppError('TIMEOUT', error.message, { cause: error.cause, details })
    }
    if (!hasCode(error, 'BACKEND_UNAVAILABLE')) return error
    const options = { cause: error.cause, details }
    return asAway(new AppError('BACKEND_UNAVAILABLE', 'Postgres cannot be reached', options))
  }
  const code = codeOf(error)
  const unavailable = (message: string): AppError =>
    new AppError('BACKEND_UNAVAILABLE', message, { cause: error })
  if (code.startsWith(invalidAuthorization)) {
    return unavailable('Postgres refuses the credentials of the connection that the route names')
  }
  if (code === invalidCatalogName) {
    return unavailable('the database of the connection that the route names is not there')
  }
  if (code === undefinedTable) {
    return unavailable(
      'this Postgres has no table of records: `heirloom routes provision` says how it is made',
    )
  }
  if (code === insufficientPrivilege) {
    return unavailable('the role of this connection may not use the table of records')
  }
  return error
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}
