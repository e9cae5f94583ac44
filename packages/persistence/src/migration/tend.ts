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
import { byPartition, type Sides } from './sides.js'

const maxPerRound = 500
const shards = Array.from({ length: intentShards }, (_, shard) => shard)
const maxParallelShards = 4
const maxParallelPartitions = 4

/** Some of every shard. */
async function listSome(sides: Sides, signal: AbortSignal): Promise<readonly NotedIntent[]> {
  const found: NotedIntent[] = []
  await inParallel(shards, maxParallelShards, async (shard) => {
    signal.throwIfAborted()
    found.push(...(await again(signal, () => sides.intents.list(shard, maxPerRound))))
  })
  return found
}

/**
 * Copies what they name, and removes them. Many intents name the same few records when the shadow
 * is slower than the writers: one copy, which reads the primary after all of them were noted, does
 * for them all.
 */
async function workOff(
  sides: Sides,
  intents: readonly NotedIntent[],
  signal: AbortSignal,
): Promise<void> {
  await inParallel(byPartition(intents), maxParallelPartitions, async ({ tenant, pk, items }) => {
    signal.throwIfAborted()
    const sks = items.flatMap((intent) => intent.sks)
    await again(signal, () => copyRecords(sides.tables(tenant), pk, sks, true))
  })
  signal.throwIfAborted()
  await again(signal, () => sides.intents.remove(intents))
}

/** All of them. Only while writes are held. Resolves to how many there were. */
export async function workOffAll(sides: Sides, signal: AbortSignal): Promise<number> {
  for (let done = 0; ;) {
    const intents = await listSome(sides, signal)
    if (intents.length === 0) return done
    await workOff(sides, intents, signal)
    done += intents.length
  }
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
    const written = (await listSome(sides, signal)).filter(({ isWritten }) => isWritten)
    const left = written.length
    await workOff(sides, written, signal)
    done += left
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
      const intents = await listSome(sides, signal)
      const now = steadyNow()
      for (const id of intents.flatMap(({ ids }) => ids)) {
        there.add(id)
        if (!seenAt.has(id)) seenAt.set(id, now)
      }
      const due = intents.filter(
        ({ ids, isWritten }) =>
          isWritten || ids.every((id) => now - (seenAt.get(id) ?? now) >= graceMs),
      )
      await workOff(sides, due, signal)
      for (const id of seenAt.keys()) if (!there.has(id)) seenAt.delete(id)
      return due.length
    },
  }
}
