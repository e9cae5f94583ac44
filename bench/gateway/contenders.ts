import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subgraphs } from './subgraphs.js'

// Each gateway is a process of its own on the first core; what they stand between, the load and
// the subgraphs, is this process on the second.

export interface Contender {
  readonly name: string
  readonly url: string
  /** What it has used since it began, in milliseconds; NaN where the system does not tell. */
  cpuMs(): number
  residentMb(): number
  stop(): Promise<void>
}

export interface World {
  readonly folder: string
  readonly supergraphFile: string
  readonly subgraphs: Subgraphs
  /** Where the whole answers lie ready, for the floor. */
  readonly readyPort: number
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const gatewayCore = '0'
const loadCore = '1'
const startTimeoutMs = 60_000
const isPinned = availableParallelism() > 1 && hasTaskset()
const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const sources = join(root, 'bench/gateway/contenders')
const cache = join(root, '.rigs/bench-gateway')

/** Keeps this process from the core of the gateways. */
export function pinLoad(): boolean {
  if (isPinned) execFileSync('taskset', ['-a', '-cp', loadCore, `${process.pid}`])
  return isPinned
}

export async function startContenders(world: World): Promise<readonly Contender[]> {
  const { supergraphFile, subgraphs, readyPort } = world
  const environment = {
    SUPERGRAPH_FILE: supergraphFile,
    SERVICES: JSON.stringify(subgraphs.services),
    READY_PORT: `${readyPort}`,
    PORT: '0',
    LOG_LEVEL: 'error',
  }
  const installed = install()
  const candidates: [string, () => Promise<Contender>][] = [
    ['apollo', () => program('apollo', join(here, 'apollo.js'), environment)],
    ['mercurius', () => program('mercurius', join(installed(), 'mercurius.mjs'), environment)],
    ['hive', () => program('hive', join(installed(), 'hive.mjs'), environment)],
    ['grafbase', () => grafbase(installed(), world)],
    ['heirloom', () => heirloom(environment)],
    ['floor', () => program('floor', join(here, 'floor.js'), environment)],
  ]
  const started: Contender[] = []
  for (const [name, start] of candidates) {
    try {
      started.push(await start())
    } catch (error) {
      if (name === 'apollo' || name === 'heirloom') throw error
      console.error(`not run: ${name} (${error instanceof Error ? error.message : String(error)})`)
    }
  }
  return started
}

/** As `heirloom gateway` starts it. */
function heirloom(environment: Readonly<Record<string, string>>): Promise<Contender> {
  const file = join(root, 'gateway/dist/standalone/main.js')
  return program('heirloom', file, environment, [`--max-semi-space-size=${semiSpaceMb}`])
}

/** What packages/cli gives it: answers on their way through are many and short-lived. */
const semiSpaceMb = 64

/** A Node program that says over IPC at which `address` it listens. */
async function program(
  name: string,
  file: string,
  environment: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Contender> {
  const child = launch(process.execPath, [...flags, file], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit').then(() => {
    throw new Error('it ended before it listened')
  })
  const said = once(child, 'message', { signal: AbortSignal.timeout(startTimeoutMs) })
  const [{ address }] = (await Promise.race([said, gone])) as [{ address: string }]
  gone.catch(() => undefined)
  return contender(name, new URL('/graphql', address).href, child)
}

async function grafbase(folder: string, { subgraphs, folder: home }: World): Promise<Contender> {
  const binary = join(folder, 'node_modules/@grafbase/cli-x86_64-unknown-linux-musl/grafbase')
  if (!existsSync(binary)) throw new Error('its binary is not for this machine')
  const config = join(home, 'grafbase.toml')
  const tables = subgraphs.services.map(
    ({ name, url }) => `[subgraphs.${name}]\nurl = "${url}"\nintrospection_url = "${url}"\n`,
  )
  writeFileSync(config, tables.join(''))
  const port = await freePort()
  const child = launch(binary, ['dev', '-c', config, '-p', `${port}`], {
    env: { ...process.env, HOME: home },
    cwd: home,
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}/graphql`
  const deadline = Date.now() + startTimeoutMs
  while (!(await answers(url))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error('it does not answer')
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return contender('grafbase', url, child)
}

type LaunchOptions = NonNullable<Parameters<typeof spawn>[2]>

/** taskset becomes the program that it starts: the process id stays the same. */
function launch(command: string, args: readonly string[], options: LaunchOptions): ChildProcess {
  const child = isPinned
    ? spawn('taskset', ['-c', gatewayCore, command, ...args], options)
    : spawn(command, args, options)
  // However the benchmark ends, nobody is left behind.
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

function contender(name: string, url: string, child: ChildProcess): Contender {
  const { pid } = child
  // Linux counts in hundredths of a second, and memory in pages of 4 KiB.
  const fields = (file: string): readonly string[] => {
    const path = `/proc/${pid}/${file}`
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ')
      : []
  }
  return {
    name,
    url,
    cpuMs: () => {
      const stat = fields('stat')
      return (Number(stat[11]) + Number(stat[12])) * 10
    },
    residentMb: () => (Number(fields('statm')[1]) * 4_096) / 2 ** 20,
    stop: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), 3_000)
      await once(child, 'exit')
      clearTimeout(kill)
    },
  }
}

/** Installs the others once, for each version of their list; a failure is each one's own. */
function install(): () => string {
  let failure: Error | undefined
  try {
    const list = readFileSync(join(sources, 'package.json'), 'utf8')
    const id = createHash('sha256').update(list).digest('hex')
    mkdirSync(cache, { recursive: true })
    for (const name of readdirSync(sources)) copyFileSync(join(sources, name), join(cache, name))
    const stamp = join(cache, 'installed')
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== id) {
      console.error('installing the other gateways; this takes some minutes, once …')
      const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
      execFileSync('npm', args, { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] })
      writeFileSync(stamp, id)
    }
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
  }
  return () => {
    if (failure !== undefined) throw failure
    return cache
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    })
    return response.ok
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<unknown>((resolve) => void server.close(resolve))
  return port
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
