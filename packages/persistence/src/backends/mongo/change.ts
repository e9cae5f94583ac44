/**
 * Optimistic: read the row with its mark, decide, replace it on condition that the mark is still
 * there. A row that was not there is inserted, and `_id` decides between two inserts. The mark is
 * new with every write, so that no life of a row is taken for another.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb'
import { AppError } from '@heirloom/errors'
import type { Decide } from '../../documents/document-table.js'
import { scopedId, type Scope } from '../../documents/ids.js'
import { isDuplicateKey, translated } from './errors.js'
import type { RawRow } from './raw.js'

const maxAttempts = 60
const maxBackoffMs = 64

export interface RowCodec<Raw extends RawRow, Value> {
  readonly toRaw: (scope: Scope, value: Value, mark: string) => Raw
  readonly fromRaw: (raw: Raw) => Value
}

export async function change<Raw extends RawRow, Value>(
  collection: Collection<Raw>,
  { toRaw, fromRaw }: RowCodec<Raw, Value>,
  scope: Scope,
  id: string,
  decide: Decide<Value>,
): Promise<Value> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (attempt > 0) await delay(randomInt(Math.min(2 ** attempt, maxBackoffMs)) + 1)
    const found = await read(collection, scope, id)
    const current = found === null ? null : fromRaw(found)
    const next = decide(current)
    if (next === current) return next
    const raw = toRaw(scope, next, randomUUID())
    const written = await translated(() =>
      found === null ? insert(collection, raw) : replace(collection, found, raw),
    )
    if (written) return next
  }
  throw new AppError('CONFLICT', 'somebody else kept changing the same row; try again')
}

/** Filtered by tenant and database too: an id alone reaches nothing. */
export function read<Raw extends RawRow>(
  collection: Collection<Raw>,
  scope: Scope,
  id: string,
): Promise<Raw | null> {
  const { tenant, database } = scope
  const filter = { _id: scopedId(scope, id), tenant, database } as Filter<Raw>
  return translated(async () => (await collection.findOne(filter)) as Raw | null)
}

async function insert<Raw extends RawRow>(collection: Collection<Raw>, raw: Raw): Promise<boolean> {
  try {
    await collection.insertOne(raw as OptionalUnlessRequiredId<Raw>)
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

async function replace<Raw extends RawRow>(
  collection: Collection<Raw>,
  { _id, tenant, database, mark }: Raw,
  raw: Raw,
): Promise<boolean> {
  // One from before there were marks has none, which null finds and an absent condition would not.
  const filter = { _id, tenant, database, mark: mark ?? null } as Filter<Raw>
  const { matchedCount } = await collection.replaceOne(filter, raw)
  return matchedCount === 1
}
