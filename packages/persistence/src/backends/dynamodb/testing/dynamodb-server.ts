import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { env, getuid } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Rig } from '@heirloom/testkit'

// What `npm run test:rigs` has fetched, or AWS itself: DYNAMODB_ENDPOINT names its endpoint,
// AWS_REGION the region; credentials come from the SDK's default chain.
const binary = env['HEIRLOOM_RIG_DYNAMODB'] ?? ''
const realEndpoint = env['DYNAMODB_ENDPOINT'] ?? ''

export const dynamoDbRig: Rig = {
  name: 'dynamodb',
  available: binary !== '' || realEndpoint !== '',
  reason: env['HEIRLOOM_RIG_MISSING_DYNAMODB'] ?? 'run it by `npm run test:rigs`',
}

export interface DynamoDbServer {
  readonly endpoint: string
  readonly region: string
  /** Whether it checks credentials, and so needs real ones. */
  readonly isAws: boolean
  stop(): Promise<void>
}

const nobody = 65_534
const startTimeoutMs = 15_000
const startAttempts = 5

export async function startDynamoDb(): Promise<DynamoDbServer> {
  if (realEndpoint !== '') {
    const region = env['AWS_REGION'] ?? 'us-east-1'
    return { endpoint: realEndpoint, region, isAws: true, stop: () => Promise.resolve() }
  }
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const port = await freePort()
    const server = spawn(binary, ['serve', '--host', '127.0.0.1', '--port', String(port)], {
      stdio: 'ignore',
      ...(getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}),
    })
    const endpoint = `http://127.0.0.1:${port}`
    // Between our look at the port and its start somebody else may have taken it: then once more.
    if (await answers(endpoint, server)) {
      return { endpoint, region: 'us-east-1', isAws: false, stop: () => stop(server) }
    }
    await stop(server)
  }
  throw new Error(`${binary} does not start`)
}

async function answers(endpoint: string, server: ChildProcess): Promise<boolean> {
  const endAt = performance.now() + startTimeoutMs
  while (performance.now() < endAt && server.exitCode === null && server.pid !== undefined) {
    const answer = await fetch(endpoint).catch(() => null)
    if (answer !== null && server.exitCode === null) return true
    await delay(20)
  }
  return false
}

async function stop(server: ChildProcess): Promise<void> {
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
