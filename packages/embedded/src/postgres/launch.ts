import { spawn, type ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Unprivileged } from './unprivileged.js'

const stopTimeoutMs = 10_000

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

export interface Running {
  readonly exited: Promise<void>
  readonly hasExited: () => boolean
  readonly logFile: string
  readonly port: number
  readonly stop: () => Promise<void>
}

export interface Launch {
  readonly program: string
  readonly dataDir: string
  readonly durable: boolean
  readonly cluster: string
  readonly port: number
  readonly user: Unprivileged
}

/** Spawns the server; it is not ready yet when this resolves. */
export async function launch(options: Launch): Promise<Running> {
  const { cluster, port, user, durable } = options
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
