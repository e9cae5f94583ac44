import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { freePort } from './listen.js'
import { postgresBinaries } from './postgres/binaries.js'
import { connectCluster, prepareRoles, withClient, type Cluster } from './postgres/cluster.js'
import { initialise, readPasswords } from './postgres/initialise.js'
import { launch, type Running } from './postgres/launch.js'
import { stopOrphan } from './postgres/take-over.js'
import { unprivileged } from './postgres/unprivileged.js'
import { acquireLock } from './process-lock.js'

export interface StartPostgresOptions {
  /** Holds the cluster, its passwords (0600) and its log; the next start finds them again. */
  readonly dataDir: string
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** False gives up every promise about crashes for speed: only for tests. Default true. */
  readonly durable?: boolean
  readonly onProgress?: (message: string) => void
}

export interface EmbeddedPostgres extends Cluster {
  /** Resolves when the server has ended, asked to or not. */
  readonly exited: Promise<void>
  /** Ends all connections and the server; safe to call twice. */
  readonly stop: () => Promise<void>
}

const readyTimeoutMs = 30_000
const pollIntervalMs = 20

/**
 * Starts a real PostgreSQL on 127.0.0.1, creating its cluster first when there is none, with the
 * three roles that every database of Heirloom has. A server that a killed predecessor left on
 * the same folder is stopped first.
 * @throws AppError CONFLICT when a living process uses the folder or the port
 * @throws AppError BACKEND_UNAVAILABLE when the server cannot run here; the message says why
 */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  const progress = options.onProgress ?? ((): void => undefined)
  await mkdir(options.dataDir, { recursive: true })
  const dataDir = await realpath(options.dataDir)
  const cluster = join(dataDir, 'cluster')
  const binaries = await postgresBinaries()
  const lock = await acquireLock(join(dataDir, 'lock'), `the database folder ${dataDir}`)
  try {
    if ((await stopOrphan(cluster)) === 'stopped') {
      progress('stopped the PostgreSQL that a killed start left running')
    }
    const initialised = existsSync(cluster)
    const user = await unprivileged(binaries.root, dataDir, initialised ? cluster : undefined)
    const passwords = await readPasswords(join(dataDir, 'passwords.json'))
    if (!initialised) {
      progress('creating the PostgreSQL cluster')
      await initialise(binaries.initdb, cluster, passwords, user)
    }
    const port = options.port === undefined || options.port === 0 ? await freePort() : options.port
    const running = await launch({
      program: binaries.postgres,
      cluster,
      dataDir,
      port,
      user,
      durable: options.durable ?? true,
    })
    const connected = connectCluster({ port, passwords })
    try {
      await untilReady(connected, running)
      await prepareRoles(connected)
    } catch (error) {
      await running.stop()
      throw error
    }
    void running.exited.then(() => lock.release())
    return { ...connected, exited: running.exited, stop: running.stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function untilReady(cluster: Cluster, running: Running): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs
  for (;;) {
    if (running.hasExited()) throw await failure(running)
    try {
      await withClient(cluster.superuserUrl, (client) => client.query('select 1'))
      return
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new AppError('BACKEND_UNAVAILABLE', 'PostgreSQL did not become ready in time', {
          cause,
        })
      }
    }
    await delay(pollIntervalMs)
  }
}

async function failure(running: Running): Promise<AppError> {
  const log = (await readFile(running.logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-8)
  if (log.some((line) => line.includes('Address already in use'))) {
    return new AppError('CONFLICT', `port ${running.port} is in use by another program`)
  }
  return new AppError('BACKEND_UNAVAILABLE', `PostgreSQL did not start:\n${log.join('\n')}`)
}
