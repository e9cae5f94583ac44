import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process, { env, getuid } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import type { Rig } from '@heirloom/testkit'

// What `npm run test:rigs` has fetched, or a real deployment (a replica set) by MONGODB_URI.
const binary = env['HEIRLOOM_RIG_MONGO'] ?? ''
const realUri = env['MONGODB_URI'] ?? ''

export const mongoRig: Rig = {
  name: 'mongo',
  available: binary !== '' || realUri !== '',
  reason: env['HEIRLOOM_RIG_MISSING_MONGO'] ?? 'run it by `npm run test:rigs`',
}

export interface Mongod {
  readonly uri: string
  /** kill -9, and a start with the same data on the same port; undefined for a real deployment. */
  readonly crash: (() => Promise<void>) | undefined
  stop(): Promise<void>
}

const nobody = 65_534
const startTimeoutMs = 60_000
const startAttempts = 3
const pollMs = 50
const selectionTimeoutMs = 1_000

/** A replica set of one, on loopback, which is gone with its data when it is stopped. */
export async function startMongod(): Promise<Mongod> {
  if (realUri !== '') return { uri: realUri, crash: undefined, stop: () => Promise.resolve() }
  const dataDir = await mkdtemp(join(tmpdir(), 'heirloom-mongod-'))
  if (getuid?.() === 0) await chown(dataDir, nobody, nobody)
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const port = await freePort()
    let server = launch(dataDir, port)
    // Between our look at the port and its start somebody else may have taken it: then once more.
    if (!(await isPrimary(port, server))) {
      await kill(server)
      continue
    }
    return {
      uri: `mongodb://127.0.0.1:${port}/?replicaSet=rs0`,
      crash: async () => {
        await kill(server)
        server = launch(dataDir, port)
        if (!(await isPrimary(port, server))) throw new Error('mongod does not start again')
      },
      stop: async () => {
        await kill(server)
        await rm(dataDir, { recursive: true, force: true })
      },
    }
  }
  await rm(dataDir, { recursive: true, force: true })
  throw new Error('mongod does not start')
}

function launch(dataDir: string, port: number): ChildProcess {
  const options = {
    replSet: 'rs0',
    bind_ip: '127.0.0.1',
    port: String(port),
    dbpath: dataDir,
    wiredTigerCacheSizeGB: '0.3',
    oplogSize: '64',
    setParameter: 'diagnosticDataCollectionEnabled=false',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const server = spawn('sh', ['-c', leashed, 'sh', binary, ...flags], {
    // A group of its own, which is what is killed.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { ...env, LD_LIBRARY_PATH: join(dirname(binary), 'lib') },
    ...(getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}),
  })
  server.stdin?.on('error', () => undefined)
  return server
}

// The server runs as long as the pipe to this process is open: a killed test run leaves none behind.
const leashed = [
  'exec 3<&0',
  '"$@" </dev/null 3<&- &',
  'server=$!',
  '{ cat <&3 >/dev/null; kill -KILL $server 2>/dev/null; } &',
  'exec 3<&-',
  'wait $server',
].join('\n')

async function isPrimary(port: number, server: ChildProcess): Promise<boolean> {
  const endAt = performance.now() + startTimeoutMs
  while (performance.now() < endAt && server.exitCode === null && server.pid !== undefined) {
    if (await becomesPrimary(port)) return true
    await delay(pollMs)
  }
  return false
}

// A client of its own each time: one that has found nobody stays pessimistic for a while.
async function becomesPrimary(port: number): Promise<boolean> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: selectionTimeoutMs,
  })
  try {
    const admin = client.db('admin')
    const { isWritablePrimary } = await admin.command({ hello: 1 })
    if (isWritablePrimary === true) return true
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }]
    // Refused when it has a config already, as after a crash.
    await admin.command({ replSetInitiate: { _id: 'rs0', members } })
    return false
  } catch {
    return false
  } finally {
    await client.close()
  }
}

async function kill(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
  const exited = once(server, 'exit')
  process.kill(-server.pid, 'SIGKILL')
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
