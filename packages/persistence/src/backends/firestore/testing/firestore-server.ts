import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { env, getuid } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Rig } from '@heirloom/testkit'

// What `npm run test:rigs` has found, or Google itself: FIRESTORE_PROJECT names a project (and
// FIRESTORE_DATABASE a database), credentials come from the SDK's own chain.
const jar = env['HEIRLOOM_RIG_FIRESTORE'] ?? ''
const realProject = env['FIRESTORE_PROJECT'] ?? ''
const realDatabase = env['FIRESTORE_DATABASE'] ?? '(default)'

export const firestoreRig: Rig = {
  name: 'firestore',
  available: jar !== '' || realProject !== '',
  reason: env['HEIRLOOM_RIG_MISSING_FIRESTORE'] ?? 'run it by `npm run test:rigs`',
}

export interface FirestoreServer {
  readonly project: string
  readonly database: string
  /** Undefined for Google itself. */
  readonly endpoint: string | undefined
  stop(): Promise<void>
}

// It keeps what documents were before: many that change for long take more than is usual.
const javaOptions = ['-Xmx3g', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp']
const mainClass = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore'
const nobody = 65_534
const startTimeoutMs = 60_000
const startAttempts = 3

export async function startFirestore(): Promise<FirestoreServer> {
  if (realProject !== '') {
    return {
      project: realProject,
      database: realDatabase,
      endpoint: undefined,
      stop: () => Promise.resolve(),
    }
  }
  for (let attempt = 1; attempt <= startAttempts; attempt += 1) {
    const [port, websocketPort] = await Promise.all([freePort(), freePort()])
    const server = spawn(
      'java',
      [
        ...javaOptions,
        jar,
        mainClass,
        '--host=127.0.0.1',
        `--port=${port}`,
        `--websocket_port=${websocketPort}`,
      ],
      { stdio: 'ignore', ...(getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}) },
    )
    // Between our look at the ports and its start somebody else may have taken one: then once more.
    if (await answers(`http://127.0.0.1:${port}`, server)) {
      const endpoint = `127.0.0.1:${port}`
      const stopServer = (): Promise<void> => stop(server)
      return { project: 'heirloom-test', database: '(default)', endpoint, stop: stopServer }
    }
    await stop(server)
  }
  throw new Error('the Firestore emulator does not start')
}

async function answers(url: string, server: ChildProcess): Promise<boolean> {
  const endAt = performance.now() + startTimeoutMs
  while (performance.now() < endAt && server.exitCode === null && server.pid !== undefined) {
    const answer = await fetch(url).catch(() => null)
    if (answer !== null && server.exitCode === null) return true
    await delay(50)
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
