/**
 * Compares a page of one side with the other. Records are written all the time, so a difference
 * counts only when it is still there after a moment; then the primary is right, and it is repaired, and
 * compared once more on the spot.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ScannedRecord } from '../ports/record-scan.js'
import { inParallel } from '../strategies/bounded.js'
import { sameContent } from '../strategies/same-record.js'
import { readMany } from '../strategies/read-many.js'
import { isTombstone } from '../strategies/tombstones.js'
import { copyRecord, type CopyTables } from '../strategies/copy-record.js'
import { isUnfit } from '../strategies/transacts.js'
import { again } from './again.js'
import { refusal } from './backfill.js'
import type { Difference } from './migration.js'
import { byPartition, type Sides } from './sides.js'

const maxParallelGroups = 8
const settleMs = 250
const maxAttempts = 20
const strikesToFail = 3

export interface Comparison {
  readonly compared: number
  readonly differences: readonly Difference[]
}

interface Suspect {
  readonly record: ScannedRecord
  readonly kind: 'missing' | 'stale' | 'extra'
}

/** Records of the primary: the shadow must have each, and the same. */
export async function compareWithShadow(
  sides: Sides,
  records: readonly ScannedRecord[],
  signal: AbortSignal,
): Promise<Comparison> {
  const suspects: Suspect[] = []
  await inParallel(byPartition(records), maxParallelGroups, async ({ tenant, pk, items }) => {
    signal.throwIfAborted()
    const sks = items.map(({ sk }) => sk)
    const found = await again(signal, () => readMany(sides.shadow.table(tenant), pk, sks))
    for (const record of items) {
      const other = found.get(record.sk) ?? null
      if (sameContent(record, other)) continue
      const kind = other === null || isTombstone(other) ? 'missing' : 'stale'
      suspects.push({ record, kind })
    }
  })
  return { compared: records.length, differences: await settle(sides, suspects, signal) }
}

/** Records of the shadow: the primary must have each. Whether it is the same was compared before. */
export async function compareWithPrimary(
  sides: Sides,
  records: readonly ScannedRecord[],
  signal: AbortSignal,
): Promise<Comparison> {
  const suspects: Suspect[] = []
  await inParallel(byPartition(records), maxParallelGroups, async ({ tenant, pk, items }) => {
    signal.throwIfAborted()
    const sks = items.map(({ sk }) => sk)
    const found = await again(signal, () => readMany(sides.tables(tenant).primary, pk, sks))
    for (const record of items) {
      if (!found.has(record.sk)) suspects.push({ record, kind: 'extra' })
    }
  })
  return { compared: records.length, differences: await settle(sides, suspects, signal) }
}

async function settle(
  sides: Sides,
  suspects: readonly Suspect[],
  signal: AbortSignal,
): Promise<readonly Difference[]> {
  if (suspects.length === 0) return []
  await delay(settleMs, undefined, { signal })
  const differences: Difference[] = []
  await inParallel(suspects, maxParallelGroups, async (suspect) => {
    signal.throwIfAborted()
    const difference = await again(signal, () => repair(sides, suspect))
    if (difference !== null) differences.push(difference)
  })
  return differences
}

async function repair(
  sides: Sides,
  { record: { tenant, pk, sk }, kind }: Suspect,
): Promise<Difference | null> {
  const tables = sides.tables(tenant)
  const found = { tenant, pk, sk }
  try {
    if ((await copyRecord(tables, pk, sk, false)) === 'same') return null
    const isRepaired = await agree(tables, pk, sk)
    const reason = isRepaired ? null : 'the backend gives back something else than it was given'
    return { ...found, kind, isRepaired, reason }
  } catch (error) {
    if (!isUnfit(error)) throw error
    return refusal(found, error)
  }
}

/**
 * Whether they say the same once it was copied. A record that is written meanwhile proves nothing; one
 * that stays as it is, and differs after each copy, is one that the shadow cannot keep.
 */
async function agree(tables: CopyTables, pk: string, sk: string): Promise<boolean> {
  let strikes = 0
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const before = await tables.primary.get(pk, sk)
    if ((await copyRecord(tables, pk, sk, false)) === 'same') return true
    const after = await tables.primary.get(pk, sk)
    if (before?.version === after?.version) strikes += 1
    if (strikes === strikesToFail) return false
  }
  return true
}
