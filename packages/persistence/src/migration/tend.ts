/**
 * Works off the intents of writers that did not do it themselves (strategies/intents.ts): they died,
 * or the shadow was away.
 *
 * While writers are at work an intent may belong to one that is just between its note and its write.
 * To remove that one would be to forget the write, should its writer die. So an intent is left alone
 * until this process has seen it for `graceMs`, which is longer than any writer relies on a note
 * (`intentLifeMs`). One whose writer said that the primary has it is worked off at once. While writes
 * are held, and every lease has run out, nobody relies on any.
 */
import { inParallel } from '../strategies/bounded.js'
import { copyRecords } from '../strategies/copy-record.js'
import { intentShards, type NotedIntent } from '../strategies/intents.js'
import { again } from './again.js'
import type { Sides } from './sides.js'

const maxPerRound = 100
const shards = Array.from({ length: intentShards }, (_, shard) => shard)
const maxParallelShards = 4
const maxParallelIntents = 4

/** Copies what they name, and removes them. */
async function workOff(
  sides: Sides,
  intents: readonly NotedIntent[],
  signal: AbortSignal,
): Promise<void> {
  await inParallel(intents, maxParallelIntents, async ({ tenant, pk, sks }) => {
    signal.throwIfAborted()
    await again(signal, () => copyRecords(sides.tables(tenant), pk, sks, true))
  })
  signal.throwIfAborted()
  await again(signal, () => sides.intents.remove(intents))
}

/** All of them. Only while writes are held. Resolves to how many there were. */
export async function workOffAll(sides: Sides, signal: AbortSignal): Promise<number> {
  let done = 0
  await inParallel(shards, maxParallelShards, async (shard) => {
    for (;;) {
      signal.throwIfAborted()
      const intents = await again(signal, () => sides.intents.list(shard, maxPerRound))
      if (intents.length === 0) break
      await workOff(sides, intents, signal)
      done += intents.length
    }
  })
  return done
}

/**
 * While writers are at work: works off what they said is written and not copied, round after round,
 * until at most `enough` of these are left or a round got nowhere. Resolves to how many are left, as
 * far as one look at each shard shows. Intents of writes that are under way do not count, however
 * many: they end by themselves once writes are held.
 */
export async function catchUp(
  sides: Sides,
  enough: number,
  signal: AbortSignal,
): Promise<{ readonly left: number; readonly done: number }> {
  let done = 0
  for (let before = Infinity; ;) {
    let left = 0
    await inParallel(shards, maxParallelShards, async (shard) => {
      const intents = await again(signal, () => sides.intents.list(shard, maxPerRound))
      const written = intents.filter(({ isWritten }) => isWritten)
      left += written.length
      if (written.length > 0) await workOff(sides, written, signal)
      done += written.length
    })
    if (left <= enough || left >= before) return { left, done }
    before = left
  }
}

/** Removes them unread: nobody needs the shadow any more. */
export async function dropAll(
  { intents }: Pick<Sides, 'intents'>,
  signal: AbortSignal,
): Promise<void> {
  for (let shard = 0; shard < intentShards; shard += 1) {
    for (;;) {
      signal.throwIfAborted()
      const some = await again(signal, () => intents.list(shard, maxPerRound))
      if (some.length === 0) break
      await again(signal, () => intents.remove(some))
    }
  }
}

export interface Tending {
  /** One look at every shard. Resolves to how many intents were worked off. */
  round(sides: Sides, signal: AbortSignal): Promise<number>
}

export function createTending(graceMs: number, steadyNow: () => number): Tending {
  const seenAt = new Map<string, number>()
  return {
    round: async (sides, signal) => {
      const there = new Set<string>()
      let done = 0
      for (let shard = 0; shard < intentShards; shard += 1) {
        signal.throwIfAborted()
        const intents = await sides.intents.list(shard, maxPerRound)
        const now = steadyNow()
        for (const { ids } of intents) {
          for (const id of ids) {
            there.add(id)
            if (!seenAt.has(id)) seenAt.set(id, now)
          }
        }
        const left = intents.filter(
          ({ ids, isWritten }) =>
            isWritten || ids.every((id) => now - (seenAt.get(id) ?? now) >= graceMs),
        )
        if (left.length > 0) await workOff(sides, left, signal)
        done += left.length
      }
      for (const id of seenAt.keys()) if (!there.has(id)) seenAt.delete(id)
      return done
    },
  }
}
