import { migrate, type Migrations } from '@heirloom/postgres'
import { createLogger, type Logger } from '@heirloom/telemetry'
import { optional, required, type Env } from './env.js'
import { runService, type Service } from './service.js'

export interface ServiceDefinition<Config> {
  /** The service's name in logs, for example `stories`. */
  readonly name: string
  /** One sentence for --help. */
  readonly description: string
  /** Throws an AppError that names the variable when something is missing. */
  readonly readConfig: (env: Env) => Config
  readonly migrations: readonly Migrations[]
  /** Builds what runs, in the order in which it starts; opens nothing before `start`. */
  readonly services: (
    config: Config,
    logger: Logger,
  ) => readonly Service[] | Promise<readonly Service[]>
}

export interface ServiceInvocation {
  /** The command line after the program: `process.argv.slice(2)`. */
  readonly argv: readonly string[]
  readonly env: Env
}

type Command = 'help' | 'migrate' | 'serve' | 'migrate-and-serve'

const exitUsage = 2

/**
 * The command line that every service shares: `serve` (the default), `migrate`, and
 * `serve --migrate` for a laptop, where there is no job to run migrations before a deploy.
 * Resolves once the service serves; a failure before that is one line on stderr and exit code 1,
 * or 2 for a command that does not exist.
 */
export async function serviceMain<Config>(
  definition: ServiceDefinition<Config>,
  { argv, env }: ServiceInvocation,
): Promise<void> {
  const command = parseCommand(argv)
  if (command === undefined) {
    process.stderr.write(`unknown arguments: ${argv.join(' ')}\n\n${usage(definition)}`)
    process.exitCode = exitUsage
    return
  }
  if (command === 'help') {
    process.stdout.write(usage(definition))
    return
  }
  const logger = createLogger({
    service: definition.name,
    level: optional(env, 'LOG_LEVEL', 'info'),
  })
  try {
    if (command !== 'serve') await runMigrations(definition.migrations, env, logger)
    if (command === 'migrate') return
    const services = await definition.services(definition.readConfig(env), logger)
    await runService(services, logger)
  } catch (error) {
    // The operator of a command that fails before it serves is told why, in words.
    logger.fatal({ err: error }, 'cannot start')
    const reason = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${definition.name}: ${reason}\n`)
    process.exit(1)
  }
}

async function runMigrations(
  migrations: readonly Migrations[],
  env: Env,
  logger: Logger,
): Promise<void> {
  const applied = await migrate(required(env, 'MIGRATION_DATABASE_URL'), migrations)
  logger.info({ applied }, applied.length === 0 ? 'the database is up to date' : 'migrated')
}

function parseCommand(argv: readonly string[]): Command | undefined {
  const line = argv.join(' ')
  if (argv.includes('--help') || argv.includes('-h')) return 'help'
  if (line === '' || line === 'serve') return 'serve'
  if (line === 'migrate') return 'migrate'
  if (line === 'serve --migrate' || line === '--migrate') return 'migrate-and-serve'
  return undefined
}

function usage(definition: Pick<ServiceDefinition<unknown>, 'name' | 'description'>): string {
  return `${definition.name}: ${definition.description}

Usage: node dist/main.js [command]

  serve             serve until SIGTERM or SIGINT (the default)
  serve --migrate   bring the database up to date first (MIGRATION_DATABASE_URL), then serve
  migrate           bring the database up to date and exit
  --help            this text

Configuration comes from the environment alone; what is missing is named at the start.
`
}
