/**
 * DocumentTable on Postgres: one table of jsonb, bound to its tenant by row-level security. A
 * change locks the document's row, decides, writes, and appends to the change log of its database,
 * all in one READ COMMITTED transaction.
 *
 * Lock order: the document, then the head of its database, which is held for the append and the
 * commit alone. No transaction has two of either, so there is no deadlock; commits of one database
 * follow one another, which is the price of positions that readers can trust.
 *
 * Retention: each deletion takes some expired tombstones of its tenant with it, each 256th change
 * the changes that are too old. So the tables stay bounded without a job that sees all tenants.
 */
import { sql, type Transaction } from 'kysely'
import { AppError } from '@heirloom/errors'
import type { Decide, DocumentTable } from '../../documents/document-table.js'
import type { Scope } from '../../documents/ids.js'
import { changeType, type StoredDocument } from '../../documents/stored.js'
import { appendChange } from './change-log.js'
import type { PostgresDocuments } from './connection.js'
import { createIndexes, statementFor, verifyIndexes } from './indexes.js'
import { queryStatement } from './query.js'
import { placeColumns, toStored, type DocumentRow } from './rows.js'
import { requiredIndexes, type DocumentSchema } from './schema.js'
import { openTableWatch } from './watch.js'
import { chooseIndex, indexName, type IndexDefinition } from '../../documents/indexes.js'

const columns = sql`${placeColumns}, deleted, expires_at`
const maxAttempts = 10
const purgedAtOnce = 100

export interface PostgresDocumentTableOptions {
  /** How long a watch can be away and still resume. */
  readonly changeRetentionMs: number
  readonly now: () => number
}

export function createPostgresDocumentTable(
  postgres: PostgresDocuments,
  options: PostgresDocumentTableOptions,
): DocumentTable {
  const { database } = postgres
  let existing: ReadonlySet<string> = new Set()

  async function existingIndex(wanted: readonly IndexDefinition[]): Promise<ReadonlySet<string>> {
    // Asked again only when what is known does not serve: an index may have been created since.
    if (!wanted.some((definition) => existing.has(indexName(definition)))) {
      existing = await verifyIndexes(database, [])
    }
    return existing
  }

  return {
    read: async ({ tenant, database: name }, id) => {
      const { rows } = await database.for(tenant).transaction((trx) =>
        sql<DocumentRow>`select ${columns} from document
          where tenant_id = ${tenant} and database = ${name} and id = ${id}`.execute(trx),
      )
      return rows[0] === undefined ? null : toStored(rows[0])
    },

    change: async (scope, id, decide) => {
      for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
        const changed = await database
          .for(scope.tenant)
          .transaction((trx) => change(trx, scope, id, decide, options))
        if (changed !== 'again') return changed
      }
      throw new AppError('CONFLICT', 'somebody else kept changing the same document; try again')
    },

    find: async (scope, plan) => {
      if (plan.indexes.length > 0) {
        chooseIndex(plan.indexes, await existingIndex(plan.indexes), statementFor)
      }
      const { rows } = await database
        .for(scope.tenant)
        .transaction((trx) =>
          sql<DocumentRow>`${queryStatement(columns, scope, plan)}`.execute(trx),
        )
      return rows.map(toStored)
    },

    scan: async ({ tenant, database: name }, afterId, limit) => {
      const { rows } = await database.for(tenant).transaction((trx) =>
        sql<DocumentRow>`select ${columns} from document
          where tenant_id = ${tenant} and database = ${name} and id > ${afterId}
          order by id limit ${limit}`.execute(trx),
      )
      return rows.map(toStored)
    },

    watch: (scope, watchOptions) => openTableWatch(postgres, scope, watchOptions),

    ensureIndexes: async (declared) => {
      await createIndexes(postgres.config, declared)
      existing = await verifyIndexes(database, [...requiredIndexes, ...declared.map(indexName)])
    },

    close: postgres.close,
  }
}

async function change(
  trx: Transaction<DocumentSchema>,
  scope: Scope,
  id: string,
  decide: Decide<StoredDocument>,
  options: PostgresDocumentTableOptions,
): Promise<StoredDocument | 'again'> {
  const { rows } = await sql<DocumentRow>`select ${columns} from document
    where tenant_id = ${scope.tenant} and database = ${scope.database} and id = ${id}
    for update`.execute(trx)
  const current = rows[0] === undefined ? null : toStored(rows[0])
  const next = decide(current)
  if (next === current) return next
  const written = current === null ? insert(trx, scope, next) : replace(trx, scope, next)
  if ((await written) === 0n) return 'again'
  if (next.deleted) await purgeTombstones(trx, scope, options.now())
  const type = changeType(current, next)
  if (type !== null) await appendChange(trx, scope, type, next, options)
  return next
}

async function insert(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
  next: StoredDocument,
): Promise<bigint> {
  const { numAffectedRows } = await sql`
    insert into document (tenant_id, database, ${columns})
    values (${tenant}, ${database}, ${next.id}, ${next.fullpath}, ${next.collection},
      ${next.collectionHash}, ${next.shape}, ${next.parent}, ${next.version}, ${next.createdAt},
      ${next.updatedAt}, ${JSON.stringify(next.data)}, ${next.deleted}, ${next.expiresAt})
    on conflict do nothing`.execute(trx)
  return numAffectedRows ?? 0n
}

async function replace(
  trx: Transaction<DocumentSchema>,
  { tenant, database }: Scope,
  next: StoredDocument,
): Promise<bigint> {
  const { numAffectedRows } = await sql`
    update document set version = ${next.version}, created_at = ${next.createdAt},
      updated_at = ${next.updatedAt}, data = ${JSON.stringify(next.data)},
      deleted = ${next.deleted}, expires_at = ${next.expiresAt}
    where tenant_id = ${tenant} and database = ${database} and id = ${next.id}`.execute(trx)
  return numAffectedRows ?? 0n
}

async function purgeTombstones(
  trx: Transaction<DocumentSchema>,
  { tenant }: Scope,
  now: number,
): Promise<void> {
  await sql`
    delete from document where tenant_id = ${tenant} and id in (
      select id from document
      where tenant_id = ${tenant} and deleted and expires_at <= ${new Date(now)}
      limit ${purgedAtOnce} for update skip locked)`.execute(trx)
}
