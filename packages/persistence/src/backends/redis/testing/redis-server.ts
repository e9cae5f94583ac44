import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, getuid } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@redis/client'
import type { Rig } from '@heirloom/testkit'

// What `npm run test:rigs` has found, or a real server by REDIS_URL.
const binary = env['HEIRLOOM_RIG_REDIS'] ?? ''
const realUrl = env['REDIS_URL'] ?? ''

export const redisRig: Rig = {
  name: 'redis',
  available: binary !== '' || realUrl !== '',
  reason: env['HEIRLOOM_RIG_MISSING_REDIS'] ?? 'run it by `npm run test:rigs`',
}

export interface RedisServer {
  readonly url: string
  /** kill -9; undefined for a real server. */
  readonly crash: (() => Promise<void>) | undefined
  /** Starts again with the data that reached the disk. */
  readonly restart: (() => Promise<void>) | undefined
  stop(): Promise<void>
}

const nobody = 65_534
const startTimeoutMs = 20_000

/** On loopback, every write synced to the disk before it is acknowledged. */
export async function startRedis(): Promise<RedisServer> {
  if (realUrl !== '') {
    return { url: realUrl, crash: undefined, restart: undefined, stop: () => Promise.resolve() }
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'heirloom-redis-'))
  if (getuid?.() === 0) await chown(dataDir, nobody, nobody)
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let server = launch(dataDir, port)
  if (!(await answers(url, server))) throw new Error('redis-server does not start')
  return {
    url,
    crash: () => kill(server),
    restart: async () => {
      server = launch(dataDir, port)
      if (!(await answers(url, server))) throw new Error('redis-server does not start again')
    },
    stop: async () => {
      await kill(server)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function launch(dataDir: string, port: number): ChildProcess {
  const options = {
    bind: '127.0.0.1',
    port: String(port),
    dir: dataDir,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
  }
  return spawn(
    binary,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: 'ignore', cwd: '/', ...(getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}) },
  )
}

async function answers(url: string, server: ChildProcess): Promise<boolean> {
  const endAt = performance.now() + startTimeoutMs
  while (performance.now() < endAt && server.exitCode === null && server.pid !== undefined) {
    const client = createClient({ url, socket: { reconnectStrategy: false } })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.ping()
      return true
    } catch {
      await delay(20)
    } finally {
      if (client.isOpen) client.destroy()
    }
  }
  return false
}

async function kill(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  server.kill('SIGKILL')
  await exited
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
