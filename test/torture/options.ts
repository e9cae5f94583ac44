import { parseArgs } from 'node:util'
import { ways, type Way } from './subscribers.js'

export interface TortureOptions {
  readonly minutes: number
  readonly seed: number
  readonly json: boolean
  /** Streams that are appended to directly; the timeline of a legacy comes on top. */
  readonly streams: number
  readonly subscribers: number
  readonly ways: readonly Way[]
  /** Events a second over all streams, and stories a second for the timeline. */
  readonly eventsPerSecond: number
  readonly storiesPerSecond: number
  /** Seconds between two such events, on average; 0: never. */
  readonly killEvery: number
  readonly freezeEvery: number
  readonly disconnectEvery: number
  readonly cutEvery: number
  readonly stallEvery: number
  /** Of a freeze or a stall. */
  readonly longestSeconds: number
  readonly reloadEvery: number
  readonly rebirthEvery: number
}

const usage = `Follows event streams while everything around them fails, and keeps count.

Usage: npm run torture:streams -- [options]

  --minutes N        how long (default 2)
  --seed S           what is chosen by chance; a random one is printed when it is not given
  --subscribers N    default 24; of all kinds: plain, Apollo link, urql exchange, SSE, slow
  --ways A,B         only subscribers of these kinds
  --streams N        default 3, beside one timeline
  --rate N           events a second over all streams (default 20)
  --stories N        stories a second for the timeline (default 1)
  --kill-every S     seconds between two ends of gateway or storage (default 20; 0: never):
                     kill -9, or one time in four a deploy, which asks first
  --freeze-every S   seconds between two stops of one of them for some seconds (default 40)
  --disconnect-every S  seconds between two losses of storage's database connections (default 25)
  --longest S        seconds that a stop or a silence lasts at most (default 8)
  --cut-every S      seconds between two cuts of some connections (default 3)
  --stall-every S    seconds between two silences of some connections (default 15)
  --reload-every S   seconds between two new supergraphs (default 15)
  --rebirth-every S  seconds between two new clients on a stored cursor (default 2)
  --json             the ledger as JSON on the last line

Exits with 1 when an event was lost, doubled or out of order.
`

/** @throws Error that is the usage */
export function readOptions(argv: readonly string[]): TortureOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: text,
      seed: text,
      subscribers: text,
      ways: text,
      streams: text,
      rate: text,
      stories: text,
      'kill-every': text,
      'freeze-every': text,
      'disconnect-every': text,
      'cut-every': text,
      'stall-every': text,
      longest: text,
      'reload-every': text,
      'rebirth-every': text,
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) throw new Error(usage)
  const number = (
    name: Exclude<keyof typeof values, 'json' | 'help' | 'ways'>,
    otherwise: number,
  ): number => {
    const given = values[name]
    if (given === undefined) return otherwise
    if (/^\d+(\.\d+)?$/.test(given)) return Number(given)
    throw new Error(`--${name} is no number\n\n${usage}`)
  }
  return {
    minutes: number('minutes', 2),
    seed: number('seed', Math.floor(Math.random() * 1_000_000)),
    json: values.json === true,
    streams: number('streams', 3),
    subscribers: number('subscribers', 24),
    ways: (values.ways ?? ways.join(',')).split(',').map(wayOf),
    eventsPerSecond: number('rate', 20),
    storiesPerSecond: number('stories', 1),
    killEvery: number('kill-every', 20),
    freezeEvery: number('freeze-every', 40),
    disconnectEvery: number('disconnect-every', 25),
    cutEvery: number('cut-every', 3),
    stallEvery: number('stall-every', 15),
    longestSeconds: number('longest', 8),
    reloadEvery: number('reload-every', 15),
    rebirthEvery: number('rebirth-every', 2),
  }
}

function wayOf(name: string): Way {
  const way = ways.find((known) => known === name)
  if (way !== undefined) return way
  throw new Error(`--ways takes ${ways.join(', ')}`)
}
