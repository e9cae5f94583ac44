import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { appRole, ownerRole, workerRole } from '@heirloom/postgres'
import { postgresBinaries } from './postgres/binaries.js'
import {
  connectCluster,
  prepareRoles,
  superuser,
  withClient,
  type Cluster,
  type Passwords,
} from './postgres/cluster.js'
import { stopOrphan } from './postgres/take-over.js'
import { unprivileged, type Unprivileged } from './postgres/unprivileged.js'
import { freePort } from './listen.js'
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
const stopTimeoutMs = 10_000
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
    const initialised = existsSync(join(cluster, 'PG_VERSION'))
    const user = await unprivileged(binaries.root, dataDir, initialised ? cluster : undefined)
    const passwords = await readPasswords(join(dataDir, 'passwords.json'))
    if (!initialised) {
      progress('creating the PostgreSQL cluster')
      await initialise(binaries.initdb, cluster, passwords, user)
    }
    const port = options.port === undefined || options.port === 0 ? await freePort() : options.port
    const running = await launch({
      ...options,
      cluster,
      dataDir,
      port,
      user,
      program: binaries.postgres,
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

async function readPasswords(path: string): Promise<Passwords> {
  const stored = await readFile(path, 'utf8').catch(() => undefined)
  if (stored !== undefined) return JSON.parse(stored) as Passwords
  const passwords = Object.fromEntries(
    [superuser, ownerRole, appRole, workerRole].map((role) => [
      role,
      randomBytes(18).toString('hex'),
    ]),
  )
  await writeFile(path, JSON.stringify(passwords), { mode: 0o600 })
  return passwords
}

async function initialise(
  program: string,
  cluster: string,
  passwords: Passwords,
  user: Unprivileged,
): Promise<void> {
  const passwordFile = `${cluster}.password`
  // What an initdb that was killed half-way left behind has no PG_VERSION, and is of no use.
  await rm(cluster, { recursive: true, force: true })
  await mkdir(cluster, { mode: 0o700 })
  await writeFile(passwordFile, passwords[superuser] ?? '', { mode: 0o600 })
  try {
    await user.own(cluster)
    await user.own(passwordFile)
    await runInitdb(program, cluster, passwordFile, user)
  } catch (error) {
    await rm(cluster, { recursive: true, force: true })
    throw error
  } finally {
    await rm(passwordFile, { force: true })
  }
}

// The builtin C.UTF-8 (PostgreSQL 17) sorts and folds the same on every machine, whatever locales
// that machine has; the libc locale, which must exist, is plain C.
const initdbArgs = ['--no-sync', '--no-instructions', '--auth=scram-sha-256', '--encoding=UTF8']
const localeArgs = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

async function runInitdb(
  initdb: string,
  cluster: string,
  passwordFile: string,
  user: Unprivileged,
): Promise<void> {
  const [program, args] = user.command(initdb, [
    ...initdbArgs,
    ...localeArgs,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    `--pgdata=${cluster}`,
  ])
  const child = spawn(program, args, {
    ...user.spawnOptions,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `PostgreSQL's initdb failed: ${output.trim().slice(-2_000)}`,
  )
}

// For a small machine: seven services with two pools each, and room for a dozen test workers.
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '250',
  shared_buffers: '96MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  io_method: 'sync',
}
const notDurable = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
}

interface Running {
  readonly exited: Promise<void>
  readonly hasExited: () => boolean
  readonly logFile: string
  readonly port: number
  readonly stop: () => Promise<void>
}

interface Launch extends StartPostgresOptions {
  readonly program: string
  readonly cluster: string
  readonly port: number
  readonly user: Unprivileged
}

async function launch(options: Launch): Promise<Running> {
  const { cluster, port, user, durable = true } = options
  const all = { ...settings, port: String(port), ...(durable ? {} : notDurable) }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const [program, args] = user.command(options.program, ['-D', cluster, ...flags])
  const logFile = join(options.dataDir, 'postgres.log')
  const log = await open(logFile, 'a', 0o600)
  // Detached: a Ctrl-C reaches the terminal's whole process group, but the server must outlive
  // the services that are still writing to it; its owner stops it last.
  const child = spawn('sh', ['-c', leashed, 'sh', program, ...args], {
    ...user.spawnOptions,
    cwd: '/',
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
  })
  await log.close()
  return supervise(child, logFile, port)
}

// The server runs as long as the pipe to this process is open: it is asked for a fast shutdown
// when the pipe closes, even by kill -9. When the server ends by itself, so does the shell.
const leashed = [
  'exec 3<&0',
  '"$@" </dev/null 3<&- &',
  'server=$!',
  '{ cat <&3 >/dev/null; kill -INT $server 2>/dev/null; } &',
  'exec 3<&-',
  'wait $server',
].join('\n')

function supervise(child: ChildProcess, logFile: string, port: number): Running {
  let ended = false
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  child.stdin?.on('error', () => undefined)
  return {
    exited,
    hasExited: () => ended,
    logFile,
    port,
    stop: async () => {
      if (ended) return
      child.stdin?.end()
      // The whole group: the shell, and the server in it, for an immediate shutdown.
      const insist = setTimeout(() => {
        if (child.pid !== undefined && !ended) process.kill(-child.pid, 'SIGQUIT')
      }, stopTimeoutMs)
      await exited
      clearTimeout(insist)
    },
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
