/**
 * Data that is moved while it is written to, and while who moves it and who writes to it are killed.
 * A writer tells of each write before it begins and after it was acknowledged; in the end everything
 * that was acknowledged must be there once, and nothing else.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { tenantId, type Mode } from '@heirloom/tenancy'
import type { BackendEnvironment } from '../../backends.js'
import type { BackendTarget } from '../../routing/placement.js'
import type { RecordTable } from '../../ports/record-table.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import { createPlacements } from '../../strategies/placed-table.js'
import { again } from '../again.js'
import type { Migration, MigrationOptions, Phase } from '../migration.js'
import type { Chaos } from './chaos.js'
import { allRecords, judge, stillPartition, type Verdict } from './judge.js'
import { createKiller, type Harm, type PhaseReport } from './killer.js'
import { createLedger } from './ledger.js'
import { streamId } from './load.js'
import { createMover, quickPace, routeIdOf, steadyPace, type Mover } from './mover.js'
import { createProcesses } from './processes.js'
import { createRandom } from './random.js'

export interface TortureOptions {
  readonly environment: BackendEnvironment
  readonly bootstrap: string
  readonly pace: 'quick' | 'steady'
  readonly kinds: readonly TorturedKind[]
  readonly tenant: string
  readonly mode: Mode
  readonly seed: number
  readonly runners: number
  readonly writers: number
  readonly keysPerWriter: number
  readonly pauseMs: number
  readonly chaos: Chaos | null
  readonly tell?: (what: string) => void
}

export type TorturedKind = 'tabular_store' | 'event_stream'

export interface Torture {
  readonly mover: Mover
  /** Puts so many records there that nobody writes to afterwards. */
  fill(count: number): Promise<void>
  begin(): Promise<void>
  /** Moves the data, with harm in every phase. Resolves when it has reached one of `until`. */
  move(
    kind: TorturedKind,
    target: BackendTarget,
    options: Partial<MigrationOptions>,
    harm: Harm,
    until: readonly Phase[],
  ): Promise<Migration>
  /** Goes on harming until the migration has reached one of `until`. */
  follow(id: string, harm: Harm, until: readonly Phase[]): Promise<Migration>
  /** Lets the writers end, and compares everything with what they were told. */
  settle(filled: number): Promise<TortureReport>
  /** Of all phases so far. */
  reports(): readonly PhaseReport[]
  /** How many records of the kind lie on a backend, tombstones included. */
  rawCount(target: BackendTarget): Promise<number>
  stop(): Promise<void>
}

export interface TortureReport extends Verdict {
  /** Whether nothing was lost, doubled, brought back, stale, foreign or out of order. */
  readonly isClean: boolean
  readonly events: EventVerdict
  /** How many writes had which outcome. */
  readonly answers: Readonly<Record<string, number>>
  readonly acknowledged: number
  readonly phases: readonly PhaseReport[]
}

export interface EventVerdict {
  readonly acknowledged: number
  readonly missing: readonly string[]
  readonly doubled: readonly string[]
  readonly foreign: readonly string[]
  readonly outOfOrder: number
  /** What a reader who followed the stream all the time saw otherwise. */
  readonly followerMissed: readonly string[]
}

const readPage = 500

export async function createTorture(options: TortureOptions): Promise<Torture> {
  const { seed, mode, keysPerWriter: keys, pauseMs, tell = (): void => undefined } = options
  const random = createRandom(seed)
  const ledger = createLedger()
  const tenant = tenantId(options.tenant)
  const hasStream = options.kinds.includes('event_stream')
  const pace = options.pace === 'quick' ? quickPace : steadyPace
  const mover = createMover(options.environment, {
    bootstrap: options.bootstrap,
    runs: false,
    pace,
  })
  await mover.start()
  const processes = createProcesses({
    ...options,
    pace,
    random,
    loadOf: (writer) => {
      return { writer, seed, tenant: options.tenant, mode, keys, hasStream, pauseMs, skewMs: 0 }
    },
    hear: (source, told) => ledger.hear(source, told),
  })
  const killer = createKiller(mover, processes, options.writers, random, tell)
  const following = new AbortController()
  const followed: string[] = []
  let follower: Promise<void> = Promise.resolve()

  const table = (): RecordTable =>
    mover.records.open({ resourceKind: 'tabular_store', tenantId: tenant, mode })
  const streams = (): ReturnType<typeof createEventStreamStore> =>
    createEventStreamStore(mover.records.open({ resourceKind: 'event_stream', tenantId: tenant }))

  async function followStream(): Promise<void> {
    let position = 0
    while (!following.signal.aborted) {
      const after = position
      const { events } = await again(following.signal, () =>
        streams().listAfter(streamId, after, readPage),
      )
      followed.push(...events.map((event) => event.id))
      position = events.at(-1)?.position ?? position
      if (events.length === 0) await delay(20)
    }
  }

  async function judgeEvents(): Promise<EventVerdict> {
    const ids: string[] = []
    let outOfOrder = 0
    for (let position = 0; hasStream;) {
      const { events } = await streams().listAfter(streamId, position, readPage)
      if (events.length === 0) break
      for (const event of events) {
        if (event.position <= position) outOfOrder += 1
        position = Math.max(position, event.position)
        ids.push(event.id)
      }
    }
    // A follower that has failed says so.
    const caughtUp = (async () => {
      while (followed.length < ids.length) await delay(20)
    })()
    if (hasStream) await Promise.race([caughtUp, follower])
    following.abort()
    const there = new Set(ids)
    const seen = new Set<string>()
    return {
      acknowledged: ledger.appended.size,
      missing: [...ledger.appended].filter((id) => !there.has(id)),
      doubled: ids.filter((id) => seen.has(id) || !seen.add(id)),
      foreign: ids.filter((id) => !ledger.maybeAppended.has(id)),
      outOfOrder,
      followerMissed: ids.filter((id, index) => followed[index] !== id),
    }
  }

  return {
    mover,
    fill: async (count) => {
      const most = Math.min(100, table().capabilities.maxTransactItems)
      for (let start = 0; start < count; start += most) {
        const writes = Array.from({ length: Math.min(most, count - start) }, (_, n) => {
          return { op: 'put', sk: `still${start + n}`, value: { n: start + n } } as const
        })
        await table().transact(stillPartition(start / most), writes)
      }
    },
    begin: async () => {
      await processes.startRunners(options.runners)
      await processes.startWriters(options.writers)
      if (!hasStream) return
      follower = followStream()
      // Whether it failed is asked in the end.
      follower.catch(() => undefined)
    },
    move: async (kind, target, chosen, harm, until) => {
      const routeId = routeIdOf(mover, kind)
      // A server that was just started may take its time for the first call.
      const { id } = await again(following.signal, () =>
        mover.migrations.start(routeId, target, chosen, 'user:torturer'),
      )
      return killer.follow(id, harm, until)
    },
    follow: (id, harm, until) => killer.follow(id, harm, until),
    settle: async (filled) => {
      await processes.endWriters()
      // Whatever was to expire has.
      await delay(1_100)
      const events = await judgeEvents()
      const verdict = await judge(table(), ledger, filled)
      return {
        ...verdict,
        isClean: isClean(verdict, events),
        events,
        answers: Object.fromEntries(ledger.answers),
        acknowledged: ledger.answers.get('done') ?? 0,
        phases: killer.reports(),
      }
    },
    reports: () => killer.reports().slice(),
    rawCount: async (target) => {
      const { backends, registry } = mover
      const placements = createPlacements({ backends, systemTenant: registry.tenantId })
      return (await allRecords(placements.table(target, 'tabular_store', tenant))).size
    },
    stop: async () => {
      following.abort()
      await processes.stop()
      await follower.catch(() => undefined)
      await mover.stop()
    },
  }
}

function isClean(verdict: Verdict, events: EventVerdict): boolean {
  const { lost, doubled, resurrected, stale, foreign, counted } = verdict
  const faults = [
    lost,
    doubled,
    resurrected,
    stale,
    foreign,
    events.missing,
    events.doubled,
    events.foreign,
    events.followerMissed,
  ]
  return (
    faults.every((fault) => fault.length === 0) &&
    events.outOfOrder === 0 &&
    counted.is >= counted.atLeast &&
    counted.is <= counted.atMost
  )
}
