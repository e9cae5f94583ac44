/**
 * Two tables as one: the primary is the truth, the shadow comes after it.
 *
 * What a write promises: it is acknowledged when the primary has it and either the shadow has it too,
 * or an intent on the primary's backend says that the shadow is still to get it. A shadow that is
 * away, slow or refuses fails no write and slows few (a bounded wait, then the breaker); its intents
 * stay, and whoever tends the route copies these records later. Reads never see the shadow.
 *
 * Phases of a write:
 *   1. note the intent, and read the shadow's versions of the keys that may be there (at once);
 *   2. write to the primary, with the caller's expectations, all or nothing;
 *   3. write the same to the shadow, in one transact, on condition of what phase 1 read: this is a
 *      copy in the sense of copy-record.ts, whose view of the primary is its own write;
 *   4. where somebody else was faster, copy record by record;
 *   5. forget the intent.
 * A refusal by the primary (CONFLICT, PAYLOAD_TOO_LARGE, INVALID_INPUT) means that nothing was
 * written anywhere. After any other failure of phase 2 the write may have happened: the intent stays,
 * so that the shadow follows whatever the primary says.
 *
 * Not promised: that the shadow is ever in the state of a whole transact, while copies go record by
 * record; hence it becomes primary only after writes were held and every intent was worked off.
 */
import { AppError, hasCode } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import { failedWrites } from '../ports/conflict.js'
import { checkWrites } from '../ports/limits.js'
import type { RecordVersion, TableRecord, Write } from '../ports/record-table.js'
import { within } from './bounded.js'
import type { Breaker } from './breaker.js'
import { commonCapabilities } from './capabilities.js'
import { copyRecords, type CopyTables } from './copy-record.js'
import type { Intents, NotedIntent } from './intents.js'
import { readMany } from './read-many.js'
import { tombstoneExpiry, tombstoneValue } from './tombstones.js'

export interface DualWriteParts extends Omit<CopyTables, 'stands'> {
  readonly tenant: TenantId
  readonly intents: Intents
  readonly breaker: Breaker
  readonly steadyNow: () => number
  readonly timing: DualWriteTiming
  /** Whether this process may still act on what it knows of the route. */
  readonly isGranted: () => boolean
}

export interface DualWriteTiming {
  /** For each of the two steps of a write in which the shadow takes part. */
  readonly shadowTimeoutMs: number
  /**
   * A write that took longer than this after its intent notes the intent again: whoever tends the
   * route works off what is much older, whether or not the writer still lives (tend.ts).
   */
  readonly intentLifeMs: number
}

export const defaultDualWriteTiming: DualWriteTiming = {
  shadowTimeoutMs: 2_000,
  intentLifeMs: 5_000,
}

/** @throws AppError what the primary throws */
export async function dualWrite(
  parts: DualWriteParts,
  pk: string,
  writes: readonly Write[],
): Promise<readonly (RecordVersion | null)[]> {
  const { primary, shadow, intents, steadyNow, timing } = parts
  checkWrites(pk, writes, commonCapabilities(primary.capabilities, shadow.capabilities))
  const sks = writes.map(({ sk }) => sk)
  const intent = { tenant: parts.tenant, pk, sks }
  const notedAt = steadyNow()
  const [noted, found] = await Promise.all([intents.note(intent), readShadow(parts, pk, writes)])
  if (steadyNow() - notedAt > timing.intentLifeMs) {
    intents.forget(noted)
    throw new AppError('TIMEOUT', 'the backend takes too long; nothing was written')
  }
  if (!parts.isGranted()) {
    // Slept meanwhile: what it takes for the primary may be the shadow by now.
    intents.forget(noted)
    throw new AppError('BACKEND_UNAVAILABLE', 'the data is being moved; nothing was written')
  }
  const versions = await writePrimary(parts, pk, writes, noted)
  const covering = steadyNow() - notedAt > timing.intentLifeMs ? await intents.note(intent) : noted
  if (covering !== noted) intents.forget(noted)
  if (await writeShadow(parts, pk, writes, found)) intents.forget(covering)
  // Not waited for: the intent is there already, and says enough.
  else intents.leave(covering).catch(() => undefined)
  return versions
}

async function writePrimary(
  { primary, intents }: DualWriteParts,
  pk: string,
  writes: readonly Write[],
  noted: NotedIntent,
): Promise<readonly (RecordVersion | null)[]> {
  try {
    return await primary.transact(pk, writes)
  } catch (error) {
    if (isRefusal(error)) intents.forget(noted)
    throw error
  }
}

function isRefusal(error: unknown): boolean {
  return (['CONFLICT', 'PAYLOAD_TOO_LARGE', 'INVALID_INPUT'] as const).some((code) =>
    hasCode(error, code),
  )
}

/** By sort key; a key that is not read is taken for absent. Null when the shadow cannot say. */
type Found = ReadonlyMap<string, TableRecord> | null

async function readShadow(
  { shadow, breaker, timing }: DualWriteParts,
  pk: string,
  writes: readonly Write[],
): Promise<Found> {
  if (breaker.isOpen()) return null
  // What is new on the primary is new on the shadow too, or else phase 3 fails and phase 4 looks.
  const asked = writes.filter(({ expect }) => expect !== 'absent').map(({ sk }) => sk)
  try {
    return await within(timing.shadowTimeoutMs, readMany(shadow, pk, asked))
  } catch {
    breaker.failed()
    return null
  }
}

/** Whether the shadow has it. Never throws: the intent stays when it has not. */
async function writeShadow(
  parts: DualWriteParts,
  pk: string,
  writes: readonly Write[],
  found: Found,
): Promise<boolean> {
  const { breaker, timing } = parts
  if (found === null || breaker.isOpen() || !parts.isGranted()) return false
  try {
    await within(timing.shadowTimeoutMs, follow(parts, pk, writes, found))
    breaker.succeeded()
    return true
  } catch {
    breaker.failed()
    return false
  }
}

async function follow(
  parts: DualWriteParts,
  pk: string,
  writes: readonly Write[],
  found: ReadonlyMap<string, TableRecord>,
): Promise<void> {
  try {
    const following = writes.map((write) => shadowWrite(write, found.get(write.sk), parts.now()))
    await parts.shadow.transact(pk, following)
  } catch (error) {
    if (failedWrites(error) === null) throw error
    const sks = writes.map(({ sk }) => sk)
    await copyRecords({ ...parts, stands: () => refuseUngranted(parts) }, pk, sks, true)
  }
}

async function refuseUngranted({ isGranted }: DualWriteParts): Promise<void> {
  await Promise.resolve()
  if (!isGranted()) throw new AppError('BACKEND_UNAVAILABLE', 'the data is being moved')
}

function shadowWrite(write: Write, found: TableRecord | undefined, now: number): Write {
  const expect = found === undefined ? 'absent' : { version: found.version }
  if (write.op === 'put') return { ...write, expect }
  const expiresAt = tombstoneExpiry(now)
  return { op: 'put', sk: write.sk, value: tombstoneValue, expiresAt, expect }
}
