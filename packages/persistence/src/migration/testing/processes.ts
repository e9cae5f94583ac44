/** Writers and runners as processes of their own, which are killed, put to sleep, and born again. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BackendEnvironment } from '../../backends.js'
import type { Chaos } from './chaos.js'
import type { LoadOptions, Told } from './load.js'
import type { FromMover, MoverProcessOptions } from './mover-process.js'
import type { Pace } from './mover.js'
import type { Random } from './random.js'

/** What was built of this folder: a process has no TypeScript loader. */
const processFile = fileURLToPath(
  new URL('../../../dist/migration/testing/mover-process.js', import.meta.url),
)
const maxSkewMs = 90_000
/** A sleep is longer than it takes until another runner takes over: so much, and up to twice. */
const sleepFactor = 1.3

export interface ProcessesOptions {
  readonly environment: BackendEnvironment
  readonly bootstrap: string
  readonly pace: Pace
  readonly chaos: Chaos | null
  readonly seed: number
  readonly random: Random
  /** What the writer of this number does. */
  readonly loadOf: (writer: number) => LoadOptions
  /** `source` is one life of a writer. */
  readonly hear: (source: string, told: Told) => void
}

export interface Processes {
  startRunners(count: number): Promise<void>
  startWriters(count: number): Promise<void>
  /** The runner with this id, if it lives and is awake. */
  runner(id: string | undefined): string | undefined
  /** Resolves when it is dead; it is born again meanwhile, under another id. */
  kill(name: string): Promise<void>
  /** Stops it for a while, as a machine that is suspended does. */
  sleep(name: string): void
  /** Lets the writers end what they have begun. */
  endWriters(): Promise<void>
  stop(): Promise<void>
}

export function createProcesses(options: ProcessesOptions): Processes {
  const { random } = options
  const children = new Map<string, ChildProcess>()
  const runners = new Map<string, string>()
  const asleep = new Set<string>()
  const births = new Set<Promise<void>>()
  const ending = new AbortController()
  let failure: unknown
  let lives = 0

  async function spawn(name: string): Promise<void> {
    lives += 1
    const seed = options.seed + lives
    const source = `${name}/${lives}`
    const skewMs = Math.round((random() - 0.5) * 2 * maxSkewMs)
    const load = name.startsWith('writer') ? options.loadOf(Number(name.slice(6))) : null
    const own: MoverProcessOptions = {
      environment: options.environment,
      bootstrap: options.bootstrap,
      pace: options.pace,
      load: load === null ? null : { ...load, seed, skewMs },
      skewMs,
      chaos: options.chaos === null ? null : { rates: options.chaos, seed },
    }
    const child = fork(processFile, [JSON.stringify(own)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // None of the test runner's: they lead to sources.
      execArgv: ['--no-warnings'],
    })
    children.set(name, child)
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromMover) => {
        if (message.is === 'ready') {
          runners.set(message.runnerId, name)
          resolve()
        } else if (message.is !== 'ended') options.hear(source, message)
      })
      child.once('exit', (code, signal) => {
        if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`${name} ended with ${code}`))
        else resolve()
      })
    })
  }

  function bear(name: string): void {
    const birth = spawn(name).catch((error: unknown) => {
      failure ??= error
    })
    births.add(birth)
    void birth.finally(() => births.delete(birth))
  }

  function forget(name: string): void {
    for (const [id, runner] of runners) if (runner === name) runners.delete(id)
  }

  async function kill(name: string): Promise<void> {
    const child = children.get(name)
    if (child === undefined || isGone(child)) return
    forget(name)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  return {
    startRunners: async (count) => {
      for (let n = 0; n < count; n += 1) await spawn(`runner${n}`)
    },
    startWriters: async (count) => {
      for (let n = 0; n < count; n += 1) await spawn(`writer${n}`)
    },
    runner: (id) => {
      if (failure !== undefined) throw failure
      const name = runners.get(id ?? '')
      return name === undefined || asleep.has(name) ? undefined : name
    },
    kill: async (name) => {
      await kill(name)
      if (!ending.signal.aborted) bear(name)
    },
    sleep: (name) => {
      const child = children.get(name)
      if (child === undefined || isGone(child) || asleep.has(name)) return
      asleep.add(name)
      child.kill('SIGSTOP')
      const sleepMs = (1 + random()) * sleepFactor * (options.pace.timing.takeoverMs ?? 0)
      void delay(sleepMs, undefined, { signal: ending.signal })
        .catch(() => undefined)
        .then(() => {
          asleep.delete(name)
          child.kill('SIGCONT')
        })
    },
    endWriters: async () => {
      await Promise.all(births)
      for (const [name, child] of children) {
        if (!name.startsWith('writer') || isGone(child)) continue
        const exited = once(child, 'exit')
        child.send('end')
        await exited
      }
      if (failure !== undefined) throw failure
    },
    stop: async () => {
      ending.abort()
      await Promise.all(Array.from(children.keys(), kill))
      await Promise.all(births)
      // Those that were just being born when the others died.
      await Promise.all(Array.from(children.keys(), kill))
    },
  }
}

function isGone({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
