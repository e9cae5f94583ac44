/** A process that writes, or works on migrations, until it is killed or told to end. */
import type { BackendEnvironment } from '../../backends.js'
import type { Chaos } from './chaos.js'
import { load, type LoadOptions, type Told } from './load.js'
import { createMover, type Pace } from './mover.js'

export interface MoverProcessOptions {
  readonly environment: BackendEnvironment
  readonly bootstrap: string
  readonly pace: Pace
  /** Null: works on migrations. */
  readonly load: LoadOptions | null
  readonly chaos: { readonly rates: Chaos; readonly seed: number } | null
  /** How far the clock of this process is off. */
  readonly skewMs: number
}

export type FromMover =
  | { readonly is: 'ready'; readonly runnerId: string }
  | { readonly is: 'ended'; readonly errors: readonly string[] }
  | Told

const options = JSON.parse(process.argv[2] ?? '{}') as MoverProcessOptions
const skewMs = options.skewMs
if (skewMs !== 0) setClock(skewMs)

/** All of the clock: a client that takes a deadline from one part and looks at the other never waits. */
function setClock(byMs: number): void {
  const Right = Date
  globalThis.Date = new Proxy(Right, {
    construct: (target, args: readonly unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [Right.now() + byMs] : args, newTarget) as Date,
    get: (target, name) =>
      name === 'now' ? () => Right.now() + byMs : (Reflect.get(target, name) as unknown),
  })
}

/** Resolves when the message is in the pipe: a kill after that does not undo it. */
function send(message: FromMover): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve())
  })
}

const mover = createMover(options.environment, {
  bootstrap: options.bootstrap,
  pace: options.pace,
  runs: options.load === null,
  chaos: options.chaos,
})
const ending = new AbortController()
process.on('message', () => ending.abort())
process.on('disconnect', () => process.exit(0))
await mover.start()
await send({ is: 'ready', runnerId: mover.runner.id })
if (options.load === null) {
  await new Promise((resolve) => ending.signal.addEventListener('abort', resolve))
} else await load(mover, options.load, send, ending.signal)
await send({ is: 'ended', errors: mover.errors.map(String) })
await mover.stop()
process.disconnect()
