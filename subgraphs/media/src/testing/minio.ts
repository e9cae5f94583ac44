import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process, { env, getuid } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Rig } from '@heirloom/testkit'
import type { S3Options } from '../data/s3-object-store.js'

// What `npm run test:rigs` has fetched, or another server that verifies signatures by
// S3_TEST_ENDPOINT, with AWS_* as its credentials.
const binary = env['HEIRLOOM_RIG_MINIO'] ?? ''
const realEndpoint = env['S3_TEST_ENDPOINT'] ?? ''

export const minioRig: Rig = {
  name: 'minio',
  available: binary !== '' || realEndpoint !== '',
  reason: env['HEIRLOOM_RIG_MISSING_MINIO'] ?? 'run it by `npm run test:rigs`',
}

export interface MinioServer {
  readonly options: Omit<S3Options, 'bucket'>
  stop(): Promise<void>
}

const region = 'us-east-1'
const nobody = 65_534
const startTimeoutMs = 30_000
const startAttempts = 3
const pollMs = 50

/** On loopback, with credentials of its own; gone with its data when it is stopped. */
export async function startMinio(): Promise<MinioServer> {
  if (realEndpoint !== '') {
    return { options: { endpoint: realEndpoint, region }, stop: () => Promise.resolve() }
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'heirloom-minio-'))
  if (getuid?.() === 0) await chown(dataDir, nobody, nobody)
  const credentials = { accessKeyId: 'heirloom', secretAccessKey: randomBytes(16).toString('hex') }
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const endpoint = `http://127.0.0.1:${await freePort()}`
    const server = launch(dataDir, endpoint, credentials)
    // Between our look at the port and its start somebody else may have taken it: then once more.
    if (!(await isReady(endpoint, server))) {
      await kill(server)
      continue
    }
    return {
      options: { endpoint, region, credentials },
      stop: async () => {
        await kill(server)
        await rm(dataDir, { recursive: true, force: true })
      },
    }
  }
  await rm(dataDir, { recursive: true, force: true })
  throw new Error('MinIO does not start')
}

function launch(
  dataDir: string,
  endpoint: string,
  { accessKeyId, secretAccessKey }: NonNullable<S3Options['credentials']>,
): ChildProcess {
  const { host } = new URL(endpoint)
  const flags = ['server', join(dataDir, 'data'), '--quiet', '--address', host]
  const server = spawn('sh', ['-c', leashed, 'sh', binary, ...flags], {
    // A group of its own, which is what is killed.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: {
      PATH: env['PATH'],
      HOME: dataDir,
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
      MINIO_REGION: region,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
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

async function isReady(endpoint: string, server: ChildProcess): Promise<boolean> {
  const endAt = performance.now() + startTimeoutMs
  while (performance.now() < endAt && server.exitCode === null && server.pid !== undefined) {
    try {
      const { ok } = await fetch(`${endpoint}/minio/health/ready`)
      if (ok) return true
    } catch {
      // It does not listen yet.
    }
    await delay(pollMs)
  }
  return false
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
