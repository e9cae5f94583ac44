import { parseArgs } from 'node:util'

export interface TortureOptions {
  /** That lie there before the first migration begins, and are never written to afterwards. */
  readonly records: number
  /** Of runners at work, in each phase of each migration. */
  readonly kills: number
  readonly writers: number
  /** Between two writes of one writer. */
  readonly pauseMs: number
  readonly pageSize: number
  readonly seed: number
  readonly json: boolean
}

const usage = `Moves records from Postgres to DynamoDB to Firestore under a constant load of writes, kills
who moves them and who writes them at random points of each phase, and keeps count.

Usage: npm run torture:migration -- [options]

  --records N    that lie there in the beginning (default 2000)
  --kills N      runners killed in each phase of each migration (default 3); a writer dies with
                 every other one, and for each three of them one is put to sleep until another one
                 has taken over
  --writers N    processes that write all the time (default 3)
  --pause MS     between two writes of one writer (default 20)
  --page N       records that are copied before a runner says so (default 500)
  --seed S       what is chosen by chance; a random one is printed when it is not given
  --json         the ledger as JSON on the last line

Exits with 1 when an acknowledged write is not there exactly once.
`

/** @throws Error that is the usage */
export function readOptions(argv: readonly string[]): TortureOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      records: text,
      kills: text,
      writers: text,
      pause: text,
      page: text,
      seed: text,
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) throw new Error(usage)
  const number = (
    name: Exclude<keyof typeof values, 'json' | 'help'>,
    otherwise: number,
    least = 0,
  ): number => {
    const given = values[name]
    if (given === undefined) return otherwise
    if (/^\d+$/.test(given) && Number(given) >= least) return Number(given)
    throw new Error(`--${name} is a whole number from ${least}\n\n${usage}`)
  }
  return {
    records: number('records', 2_000, 1),
    kills: number('kills', 3),
    writers: number('writers', 3, 1),
    pauseMs: number('pause', 20),
    pageSize: number('page', 500, 1),
    seed: number('seed', Math.floor(Math.random() * 2 ** 31)),
    json: values.json === true,
  }
}
