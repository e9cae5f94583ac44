import { join } from 'node:path'
import { AppError } from '@heirloom/errors'
import { stopOrphan } from '../postgres/take-over.js'
import { writeCliFile } from './cli-file.js'
import { openDataDir } from './data-dir.js'
import { databaseName, publicUrl } from './environment.js'
import { openKeys } from './keys.js'
import type { Opened } from './opened.js'
import type { RunOptions } from './options.js'
import { endOrphans } from './orphans.js'
import { planPorts, requireFreePorts } from './ports.js'
import { readSubgraphs, serviceScript } from './repository.js'
import { seedOnce } from './seeding.js'
import { startServers } from './servers.js'
import { startServices } from './services.js'

export interface SystemOptions extends RunOptions {
  /** What services inherit, except for what would lead them out of this system. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onProgress: (message: string) => void
  /** Gives up a start that is under way. */
  readonly signal: AbortSignal
}

export interface SystemFacts {
  readonly gatewayUrl: string
  readonly issuer: string
  readonly dataDir: string
}

export interface RunningSystem extends SystemFacts {
  /** Rejects when the database, on which everything rests, ends by itself. */
  readonly broken: Promise<never>
  /** Ends everything, in the order in which nobody misses anybody. */
  stop(): Promise<void>
}

/**
 * Starts everything: first the folder is locked and what a killed start left behind is ended;
 * then PostgreSQL, the identity provider and the bus start side by side; then every service, each
 * migrating its own database; then the demo tenants are told their stories, once.
 * Whatever was opened is closed again when a step fails or `signal` aborts.
 */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const opened: Opened[] = []
  const stop = async (): Promise<void> => {
    for (const one of opened.splice(0).toReversed()) await one.close()
  }
  // The last chance of a process that ends in a hurry: its children end with it.
  const killAll = (): void => {
    for (const one of opened) one.kill?.()
  }
  process.on('exit', killAll)
  opened.push({ close: () => void process.off('exit', killAll) })
  try {
    return { ...(await start(options, opened)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  options: SystemOptions,
  opened: Opened[],
): Promise<Omit<RunningSystem, 'stop'>> {
  const { onProgress, signal } = options
  const subgraphs = readSubgraphs()
  const ports = planPorts(options.port, subgraphs)
  const dataDir = await openDataDir(options.dataDir, options)
  opened.push({ close: () => dataDir.release() })
  const orphans = await endOrphans(dataDir.runFile, serviceScript)
  const orphanedServer = await stopOrphan(join(dataDir.postgres, 'cluster'))
  if (orphans > 0 || orphanedServer === 'stopped') {
    onProgress('ended what an earlier start, which was killed, had left running')
  }
  await requireFreePorts(ports)
  signal.throwIfAborted()

  const keys = await openKeys(dataDir.secrets)
  const services = ['gateway', ...subgraphs.map(({ name }) => name)]
  const servers = await startServers(ports, dataDir, services, opened, onProgress)
  signal.throwIfAborted()

  const gatewayUrl = publicUrl(ports)
  const auditDatabases = subgraphs
    .filter(({ workers }) => workers.includes('sealer'))
    .map(({ name }) => servers.postgres.urls(databaseName(name)).workerUrl)
  await writeCliFile(dataDir.cliFile, gatewayUrl, servers.oidc, auditDatabases)
  const around = { inherited: options.env, ports, keys, ...servers }
  await startServices(subgraphs, around, dataDir, opened, options)
  if (options.seed) await seedOnce(dataDir, gatewayUrl, servers.oidc, onProgress)
  signal.throwIfAborted()

  const broken = servers.postgres.exited.then((): never => {
    const log = join(dataDir.postgres, 'postgres.log')
    throw new AppError('BACKEND_UNAVAILABLE', `PostgreSQL ended by itself; its log: ${log}`)
  })
  broken.catch(() => undefined)
  return { gatewayUrl, issuer: servers.oidc.issuer, dataDir: dataDir.root, broken }
}
