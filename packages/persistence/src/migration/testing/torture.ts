import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from '@heirloom/errors'
import { tenantId, type Mode } from '@heirloom/tenancy'
import type { BackendEnvironment } from '../../backends.js'
import type { BackendTarget } from '../../routing/placement.js'
import type { RecordTable, TableRecord } from '../../ports/record-table.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import { createPlacements } from '../../strategies/placed-table.js'
import { finalPhases, type Migration, type MigrationOptions, type Phase } from '../migration.js'
import type { Chaos } from './chaos.js'
import { createLedger, type Ledger } from './ledger.js'
import { counterKey, partitions, streamId, type LoadOptions } from './load.js'
import { createMover, routeIdOf, type Mover } from './mover.js'
import type { FromMover, MoverProcessOptions } from './mover-process.js'
import { createRandom, type Random } from './random.js'

/** What was built of this folder: a process has no TypeScript loader. */
const processFile = fileURLToPath(
  new URL('../../../dist/migration/testing/mover-process.js', import.meta.url),
)

export interface TortureOptions {
  readonly environment: BackendEnvironment
  readonly bootstrap: string
  readonly kinds: readonly ('tabular_store' | 'event_stream')[]
  readonly tenant: string
  readonly mode: Mode
  readonly seed: number
  readonly writers: number
  readonly keysPerWriter: number
  readonly pauseMs: number
  readonly chaos: Chaos | null
}

/** Writers and runners in processes of their own, and somebody who kills them. */
export interface Torture {
  readonly mover: Mover
  readonly ledger: Ledger
  /** Puts so many records there that nobody writes to afterwards. */
  fill(count: number): Promise<void>
  begin(): Promise<void>
  /**
   * Moves the data, and kills in each phase so many times at random: the runner at work, a writer, or
   * both. Resolves when the migration has reached one of `until`.
   */
  move(
    kind: string,
    target: BackendTarget,
    options: Partial<MigrationOptions>,
    killsPerPhase: number,
    until: readonly Phase[],
  ): Promise<Migration>
  /** Goes on killing until the migration has reached one of `until`. */
  follow(id: string, killsPerPhase: number, until: readonly Phase[]): Promise<Migration>
  /** Lets the writers end, and compares everything with what they were told. */
  settle(filled: number): Promise<TortureReport>
  /** Every record of the kind as it lies on a backend, by `pk/sk`. */
  raw(target: BackendTarget): Promise<ReadonlyMap<string, TableRecord>>
  stop(): Promise<void>
}

export interface TortureReport {
  /** Keys whose state is none of those that they may have. */
  readonly wrong: readonly string[]
  readonly missingEvents: readonly string[]
  readonly doubledEvents: readonly string[]
  readonly foreignEvents: readonly string[]
  /** What a reader who followed the stream all the time saw, compared with the stream. */
  readonly followerMissed: readonly string[]
  readonly counted: { readonly atLeast: number; readonly is: number; readonly atMost: number }
  readonly acknowledged: number
  readonly answers: Readonly<Record<string, number>>
  readonly kills: Readonly<Record<string, number>>
}

const maxSkewMs = 90_000
const stillPrefix = 'table#still'
const stillPartitions = 20
const stillPartition = (n: number): string => `${stillPrefix}${n % stillPartitions}`

export async function createTorture(options: TortureOptions): Promise<Torture> {
  const random = createRandom(options.seed)
  const ledger = createLedger()
  const tenant = tenantId(options.tenant)
  const mover = createMover(options.environment, { bootstrap: options.bootstrap, runs: false })
  await mover.start()
  const children = new Map<string, ChildProcess>()
  const runnerIds = new Map<string, string>()
  const kills = new Map<string, number>()
  const following = new AbortController()
  const followed: string[] = []
  let follower: Promise<void> = Promise.resolve()
  let runs = 0
  const hasStream = options.kinds.includes('event_stream')

  const table = (): RecordTable =>
    mover.records.open({ resourceKind: 'tabular_store', tenantId: tenant, mode: options.mode })
  const streams = (): ReturnType<typeof createEventStreamStore> =>
    createEventStreamStore(mover.records.open({ resourceKind: 'event_stream', tenantId: tenant }))

  async function spawn(name: string, load: LoadOptions | null): Promise<void> {
    runs += 1
    const source = `${name}/${runs}`
    const skewMs = Math.round((random() - 0.5) * 2 * maxSkewMs)
    const own: MoverProcessOptions = {
      environment: options.environment,
      bootstrap: options.bootstrap,
      load: load === null ? null : { ...load, seed: options.seed + runs, skewMs },
      skewMs,
      chaos: options.chaos === null ? null : { rates: options.chaos, seed: options.seed + runs },
    }
    const child = fork(processFile, [JSON.stringify(own)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // None of the test runner's: they lead to sources.
      execArgv: [],
    })
    children.set(name, child)
    const ready = new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromMover) => {
        if (message.is === 'ready') {
          runnerIds.set(message.runnerId, name)
          resolve()
        } else if (message.is !== 'ended') ledger.hear(source, message)
      })
      child.once('exit', (code, signal) => {
        if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`${name} ended with ${code}`))
        else resolve()
      })
    })
    await ready
  }

  function loadOf(writer: number): LoadOptions {
    const { seed, mode, keysPerWriter: keys, pauseMs } = options
    return { writer, seed, tenant: options.tenant, mode, keys, hasStream, pauseMs, skewMs: 0 }
  }

  async function kill(name: string, phase: Phase): Promise<void> {
    const child = children.get(name)
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    kills.set(phase, (kills.get(phase) ?? 0) + 1)
    await spawn(name, name.startsWith('writer') ? loadOf(Number(name.slice(6))) : null)
  }

  async function follow(
    id: string,
    killsPerPhase: number,
    until: readonly Phase[],
  ): Promise<Migration> {
    const killed = new Map<Phase, number>()
    for (;;) {
      const migration = await mover.migrations.find(id)
      if (migration === null) throw new AppError('NOT_FOUND', 'the migration is gone')
      if (migration.isPaused) throw new Error(`paused: ${JSON.stringify(migration.error)}`)
      const { phase } = migration
      const done = killed.get(phase) ?? 0
      if (done < killsPerPhase && !finalPhases.includes(phase)) {
        await delay(random() * 400)
        const again = await mover.migrations.find(id)
        if (again?.phase !== phase) continue
        killed.set(phase, done + 1)
        await Promise.all(victims(again, random).map((name) => kill(name, phase)))
        continue
      }
      if (until.includes(phase)) return migration
      await delay(20)
    }
  }

  function victims({ runner }: Migration, chance: Random): readonly string[] {
    const working = runnerIds.get(runner?.id ?? '') ?? 'runner0'
    const writer = `writer${chance.below(options.writers)}`
    return chance.pick([[working], [working], [writer], [working, writer]])
  }

  async function followStream(): Promise<void> {
    let position = 0
    while (!following.signal.aborted) {
      const { events } = await streams().listAfter(streamId, position, 500)
      followed.push(...events.map((event) => event.id))
      position = events.at(-1)?.position ?? position
      if (events.length === 0) await delay(20)
    }
  }

  async function endWriters(): Promise<void> {
    for (const [name, child] of children) {
      if (!name.startsWith('writer') || child.exitCode !== null) continue
      const exited = once(child, 'exit')
      child.send('end')
      await exited
    }
  }

  async function allRecords(of: RecordTable): Promise<ReadonlyMap<string, TableRecord>> {
    const found = new Map<string, TableRecord>()
    const pks = Array.from({ length: partitions }, (_, n) => `table#t${n}`)
    const still = Array.from({ length: stillPartitions }, (_, n) => stillPartition(n))
    for (const pk of [...pks, 'table#counters', ...still]) {
      let token: string | null = null
      do {
        const range = { limit: 500, ...(token === null ? {} : { token }) }
        const page: Awaited<ReturnType<RecordTable['query']>> = await of.query(pk, range)
        for (const record of page.records) {
          const key = `${pk}/${record.sk}`
          if (found.has(key)) throw new Error(`${key} is there twice`)
          found.set(key, record)
        }
        token = page.next
      } while (token !== null)
    }
    return found
  }

  async function compareEvents(): Promise<
    Pick<TortureReport, 'missingEvents' | 'doubledEvents' | 'foreignEvents' | 'followerMissed'>
  > {
    const ids: string[] = []
    if (hasStream) {
      let position = 0
      for (;;) {
        const { events } = await streams().listAfter(streamId, position, 500)
        if (events.length === 0) break
        for (const event of events) {
          if (event.position <= position) throw new Error('the order is lost')
          position = event.position
          ids.push(event.id)
        }
      }
      while (followed.length < ids.length && !following.signal.aborted) await delay(20)
      following.abort()
      await follower
    }
    const there = new Set(ids)
    return {
      missingEvents: [...ledger.appended].filter((id) => !there.has(id)),
      doubledEvents: ids.filter((id, index) => ids.indexOf(id) !== index),
      foreignEvents: ids.filter((id) => !ledger.maybeAppended.has(id)),
      followerMissed: ids.filter((id, index) => followed[index] !== id),
    }
  }

  return {
    mover,
    ledger,
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
      await spawn('runner0', null)
      await spawn('runner1', null)
      for (let n = 0; n < options.writers; n += 1) await spawn(`writer${n}`, loadOf(n))
      if (hasStream) follower = followStream()
    },
    move: async (kind, target, chosen, killsPerPhase, until) => {
      const routeId = routeIdOf(mover, kind)
      const { id } = await mover.migrations.start(routeId, target, chosen, 'user:torturer')
      return follow(id, killsPerPhase, until)
    },
    follow,
    settle: async (filled) => {
      await endWriters()
      // Whatever was to expire has.
      await delay(1_100)
      const events = await compareEvents()
      const found = await allRecords(table())
      const wrong: string[] = []
      for (const [key, states] of ledger.states) {
        const record = found.get(key)
        const state = record === undefined ? null : Number(record.value['n'])
        if (!states.has(state)) wrong.push(`${key} is ${state}, not ${[...states].join(' or ')}`)
      }
      const still = new Map(
        [...found].flatMap(([key, { value }]) =>
          key.startsWith(stillPrefix) ? [[key.split('/').at(-1), value['n']]] : [],
        ),
      )
      for (let n = 0; n < filled; n += 1) {
        if (still.get(`still${n}`) !== n) wrong.push(`still${n}`)
      }
      for (const key of found.keys()) {
        const isKnown = ledger.states.has(key) || key.startsWith(stillPrefix)
        if (!isKnown && !key.endsWith(counterKey)) wrong.push(`${key} was never written`)
      }
      const is = Number(found.get(`table#counters/${counterKey}`)?.value['n'] ?? 0)
      const done = ledger.answers.get('done') ?? 0
      return {
        ...events,
        wrong,
        counted: { ...ledger.counted, is },
        acknowledged: done,
        answers: Object.fromEntries(ledger.answers),
        kills: Object.fromEntries(kills),
      }
    },
    raw: (target) => {
      const { backends, registry } = mover
      const placements = createPlacements({ backends, systemTenant: registry.tenantId })
      return allRecords(placements.table(target, 'tabular_store', tenant))
    },
    stop: async () => {
      following.abort()
      for (const child of children.values()) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }
      await follower.catch(() => undefined)
      await mover.stop()
    },
  }
}
