import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { AppError } from '@heirloom/errors'
import type { Env } from './environment.js'

export interface ChildSpec {
  readonly name: string
  readonly script: string
  readonly args: readonly string[]
  readonly env: Env
  readonly logFile: string
}

export interface ChildEvents {
  /** The pids change with every restart. */
  readonly onSpawn: (pid: number) => void
  readonly onRestart: (reason: string, delayMs: number) => void
}

export interface SupervisedChild {
  readonly name: string
  /**
   * Resolves when it serves for the first time; rejects with AppError BACKEND_UNAVAILABLE, which
   * carries its last words, when it ends before that.
   */
  readonly ready: Promise<void>
  /** Asks it to stop, and insists after a while; resolves when it is gone. */
  stop(): Promise<void>
  /** At once, without a word. */
  kill(): void
}

const firstDelayMs = 250
const maxDelayMs = 10_000
/** Who lived this long before it died begins again with the shortest delay. */
const steadyMs = 30_000
const stopMs = 12_000

/*
 * One child process through its lives. Phases: starting (its end is a failure of the start) ->
 * serving (its end is followed by a restart, later and later) -> stopping (its end is the end).
 * Invariant: at most one process and one pending restart exist at any time.
 */
export function superviseChild(spec: ChildSpec, events: ChildEvents): SupervisedChild {
  let child: ChildProcess | undefined
  let restart: NodeJS.Timeout | undefined
  let served = false
  let stopping = false
  let delayMs = firstDelayMs
  let ended = (): void => undefined
  const gone = new Promise<void>((resolve) => {
    ended = resolve
  })
  let onReady = (): void => undefined
  let onFailure = (_error: unknown): void => undefined
  const ready = new Promise<void>((resolve, reject) => {
    onReady = resolve
    onFailure = reject
  })
  ready.catch(() => undefined)

  function start(): void {
    const startedAtMs = Date.now()
    const log = openSync(spec.logFile, 'a', 0o600)
    // Detached, so that a Ctrl-C in the terminal reaches the supervisor alone, which then stops
    // its children in order. They watch the IPC channel, and end when the supervisor is gone.
    const current = spawn(process.execPath, [spec.script, ...spec.args], {
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    child = current
    if (current.pid !== undefined) events.onSpawn(current.pid)
    current.on('message', (message) => {
      if (!isReady(message)) return
      served = true
      onReady()
    })
    current.once('error', (error) => ending(error.message))
    current.once('exit', (code, signal) =>
      ending(signal === null ? `it ended with code ${code ?? 0}` : `it was ended by ${signal}`),
    )
    let over = false
    function ending(reason: string): void {
      if (over) return
      over = true
      child = undefined
      if (stopping) return ended()
      if (!served) return void failed(reason)
      if (Date.now() - startedAtMs > steadyMs) delayMs = firstDelayMs
      events.onRestart(reason, delayMs)
      restart = setTimeout(start, delayMs)
      delayMs = Math.min(delayMs * 2, maxDelayMs)
    }
  }

  async function failed(reason: string): Promise<void> {
    stopping = true
    ended()
    onFailure(
      new AppError(
        'BACKEND_UNAVAILABLE',
        `${spec.name} did not start: ${(await lastWords(spec.logFile)) ?? reason}\nIts log: ${spec.logFile}`,
      ),
    )
  }

  start()
  return {
    name: spec.name,
    ready,
    stop: async () => {
      stopping = true
      clearTimeout(restart)
      if (child === undefined) return
      child.kill('SIGTERM')
      const insist = setTimeout(() => child?.kill('SIGKILL'), stopMs)
      await gone
      clearTimeout(insist)
    },
    kill: () => {
      stopping = true
      clearTimeout(restart)
      child?.kill('SIGKILL')
    },
  }
}

function isReady(message: unknown): boolean {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready'
  )
}

/** Why it ended, as it said itself: in a fatal log line, or as Node writes it on stderr. */
async function lastWords(logFile: string): Promise<string | undefined> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).split('\n')
  return lines.map(fatalMessage).findLast((text) => text !== undefined)
}

function fatalMessage(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\w[\w-]*( \[\w+\])?: /.test(line) ? line : undefined
  try {
    const { level, err } = JSON.parse(line) as { level?: string; err?: { message?: string } }
    return level === 'fatal' ? err?.message : undefined
  } catch {
    return undefined
  }
}
