import { sql } from 'kysely'
import { AppError } from '@heirloom/errors'
import { createDatabase, databaseError, workerRole, type Database } from '@heirloom/postgres'
import type { TenantId } from '@heirloom/tenancy'
import { readHeads, type ChainHead } from './chain.js'
import type { Finding } from './finding.js'
import { startOfChain, stepAlong } from './links.js'
import { findUnsealed } from './unsealed.js'

/** The audit log of one database, as an operator sees it: all tenants, read-only. */
export interface OpenedAudit {
  /** The database's own name, which tells the heads of several apart. */
  readonly name: string
  heads(): Promise<readonly ChainHead[]>
  /**
   * Walks along every chain. What is sealed meanwhile may or may not be looked at; it makes no
   * findings. Without `heads` from before, a tail that was cut off together with its entries, and
   * a chain that was made anew from some place on, look like a chain.
   * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT
   */
  verify(options: VerifyOptions): Promise<Verified>
  close(): Promise<void>
}

export interface VerifyOptions {
  /** Heads of this database that were kept elsewhere. */
  readonly heads?: readonly ChainHead[]
  readonly onFinding: (finding: Finding) => void
  readonly onProgress?: (links: number, tenants: number) => void
  readonly signal?: AbortSignal
  /** How long an entry may wait for its seal. */
  readonly patienceMs?: number
}

export interface Verified {
  readonly tenants: number
  readonly links: number
  readonly waiting: number
  readonly findings: number
}

const linksAtOnce = 1_000
const defaultPatienceMs = 5 * 60_000
/** The search for entries without a link reads a tenant's whole log. */
const statementTimeoutMs = 30 * 60_000

/**
 * @param url as the worker role, or as a superuser
 * @throws AppError BACKEND_UNAVAILABLE, FORBIDDEN for a role from which rows are hidden, NOT_FOUND
 *   for a database without an audit log
 */
export async function openAudit(url: string): Promise<OpenedAudit> {
  const database = createDatabase<unknown>({
    url,
    applicationName: 'audit verification',
    maxConnections: 1,
    statementTimeoutMs,
  })
  try {
    return opened(database, await nameOf(database))
  } catch (error) {
    await database.close()
    throw databaseError(error)
  }
}

function opened(database: Database<unknown>, name: string): OpenedAudit {
  const db = database.unbound
  const translated = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw databaseError(error)
    })
  return {
    name,
    heads: () => translated(tenantsOf(database).then((tenants) => readHeads(db, tenants))),
    verify: (options) => translated(verify(database, options)),
    close: () => database.close(),
  }
}

async function verify(database: Database<unknown>, options: VerifyOptions): Promise<Verified> {
  const db = database.unbound
  const { heads = [], signal, onProgress } = options
  let findings = 0
  const report = (found: readonly Finding[]): void => {
    findings += found.length
    for (const finding of found) options.onFinding(finding)
  }
  let links = 0
  let waiting = 0
  const tenants = await tenantsOf(database)
  for (const [index, tenantId] of tenants.entries()) {
    for (let walk = startOfChain, isOver = false; !isOver;) {
      signal?.throwIfAborted()
      const step = await stepAlong(db, tenantId, walk, linksAtOnce)
      report(step.findings)
      walk = step.walk
      links += step.links
      isOver = step.links < linksAtOnce
      onProgress?.(links, index + 1)
    }
    const unsealed = await findUnsealed(db, tenantId, options.patienceMs ?? defaultPatienceMs)
    report(unsealed.findings)
    waiting += unsealed.waiting
  }
  for (const head of heads) report(await compareHead(database, head))
  return { tenants: tenants.length, links, waiting, findings }
}

/** What was said of a chain in the past must still hold. */
async function compareHead(
  { unbound }: Database<unknown>,
  { tenantId, position, hash }: ChainHead,
): Promise<readonly Finding[]> {
  const { rows } = await sql<{ hash: string }>`
    select hash from audit_seal
    where tenant_id = ${tenantId} and position = ${position}`.execute(unbound)
  const now = rows[0]?.hash
  if (now === hash) return []
  return [
    now === undefined
      ? {
          kind: 'CUT_OFF',
          tenantId,
          position,
          message: `the chain once reached to link ${position}, which is gone`,
        }
      : {
          kind: 'REWRITTEN',
          tenantId,
          position,
          message: `link ${position} once had another hash: it, or one before it, was made anew`,
        },
  ]
}

async function tenantsOf({ unbound }: Database<unknown>): Promise<readonly TenantId[]> {
  const { rows } = await sql<{ tenant_id: TenantId }>`
    select tenant_id from audit_seal
    union select tenant_id from audit_entry
    union select tenant_id from audit_pending
    order by 1`.execute(unbound)
  return rows.map((row) => row.tenant_id)
}

/** @throws AppError FORBIDDEN, NOT_FOUND */
async function nameOf({ unbound }: Database<unknown>): Promise<string> {
  const { rows } = await sql<{ name: string; is_there: boolean; sees_all: boolean }>`
    select current_database() as name, to_regclass('audit_seal') is not null as is_there,
      pg_has_role(current_user, ${workerRole}, 'usage') as sees_all`.execute(unbound)
  const [row] = rows
  if (row === undefined) throw new Error('unreachable: a select without a table has one row')
  if (!row.is_there) {
    throw new AppError('NOT_FOUND', `the database ${row.name} has no audit log`)
  }
  // Row-level security would hide every entry, and nothing would be found wrong with them.
  if (!row.sees_all) {
    throw new AppError('FORBIDDEN', `connect to ${row.name} as ${workerRole}: others see no entry`)
  }
  return row.name
}
