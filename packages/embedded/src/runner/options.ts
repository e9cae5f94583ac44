import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { AppError } from '@heirloom/errors'

export interface RunOptions {
  readonly port: number
  readonly dataDir: string
  readonly fresh: boolean
  readonly seed: boolean
}

const defaultPort = 4000
const defaultDataDir = '.heirloom'

export const usage = `Starts the whole of Heirloom on this machine, with servers and demo tenants of its own.

Usage: npm start -- [options]

  --port PORT       the gateway's port (default ${defaultPort}); all others move along with it
  --data-dir DIR    where everything is kept (default ${defaultDataDir})
  --fresh           forget what an earlier start kept in that folder, and begin anew
  --no-seed         do not tell the demo tenants their stories on the first start
  --help            this text

Stop it with Ctrl-C; a second Ctrl-C does not wait. Logs are in DIR/logs.
`

/** @throws AppError INVALID_INPUT */
export function parseOptions(argv: readonly string[]): RunOptions | 'help' {
  const values = parse(argv)
  if (values.help === true) return 'help'
  return {
    port: values.port === undefined ? defaultPort : portNumber(values.port),
    dataDir: resolve(values['data-dir'] ?? defaultDataDir),
    fresh: values.fresh ?? false,
    seed: values['no-seed'] !== true,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        fresh: { type: 'boolean' },
        'no-seed': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('INVALID_INPUT', `${reason}\n\n${usage}`, { cause })
  }
}

// Below are the system's; above, the subgraphs' ports would no longer fit.
const minPort = 1024
const maxPort = 65_000

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= minPort && port <= maxPort) return port
  throw new AppError('INVALID_INPUT', `--port must be a number from ${minPort} to ${maxPort}`)
}
