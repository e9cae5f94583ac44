import { AppError } from '@heirloom/errors'
import { parseOptions, usage, type RunOptions } from './runner/options.js'
import { stopSignals } from './runner/stop-signals.js'
import type { RunningSystem } from './runner/system.js'

const exitFailure = 1
const exitUsage = 2
/** 128 + SIGINT, as a shell reports it. */
const exitForced = 130
const parentPollMs = 200

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function explain(error: unknown): void {
  // A message of ours says what to do; anything else is a fault here, and its stack helps.
  const text =
    error instanceof AppError ? error.message : error instanceof Error ? error.stack : error
  process.stderr.write(`\n${String(text)}\n`)
}

function readOptions(): RunOptions | undefined {
  try {
    const options = parseOptions(process.argv.slice(2))
    if (options !== 'help') return options
    print(usage)
  } catch (error) {
    explain(error)
    process.exitCode = exitUsage
  }
  return undefined
}

async function run(options: RunOptions): Promise<void> {
  const startedAtMs = Date.now() - process.uptime() * 1_000
  const asked = new AbortController()
  listenForStop(asked)
  let system: RunningSystem | undefined
  try {
    // Loaded late, so that a Ctrl-C is heard from the first moment on.
    const { startSystem } = await import('./runner/system.js')
    const { summary } = await import('./runner/summary.js')
    system = await startSystem({
      ...options,
      env: process.env,
      onProgress: (message) => print(`  ${message}`),
      signal: asked.signal,
    })
    print(summary(system, ((Date.now() - startedAtMs) / 1_000).toFixed(1)))
    await Promise.race([whenAborted(asked.signal), system.broken])
  } catch (error) {
    if (!asked.signal.aborted) {
      explain(error)
      process.exitCode = exitFailure
    }
  }
  await system?.stop()
  if (asked.signal.aborted) print('Everything has stopped.')
  process.exit()
}

/** The first signal stops in order; a second one does not wait. */
function listenForStop(asked: AbortController): void {
  const stop = stopSignals({
    onFirst: () => {
      print('\nStopping; press Ctrl-C again not to wait.')
      asked.abort(new AppError('TIMEOUT', 'the start was interrupted'))
    },
    onInsisted: () => process.exit(exitForced),
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // npm that is killed tells nobody: without it there is no terminal to stop this from.
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const parent = process.ppid
  const poll = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(poll)
    if (!asked.signal.aborted) stop()
  }, parentPollMs)
  poll.unref()
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

const options = readOptions()
if (options !== undefined) await run(options)
