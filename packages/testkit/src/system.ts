import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath, kill } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The whole of Heirloom, started as `npm start` starts it, from what is built in dist/. */
export interface System {
  readonly url: string
  readonly dataDir: string
  /** From the spawn until it said that it is ready. */
  readonly startMs: number
  /** A Bearer token of the tenant's owner, or of the operator for t_system. */
  token(tenantId: string): Promise<string>
  /** The process id of a running service, for example `storage`. */
  pid(service: string): Promise<number>
  /** Resolves when `service` answers again after it was killed. */
  killed(service: string): Promise<void>
  stop(): Promise<void>
}

interface CliFile {
  readonly gatewayUrl: string
  readonly tokenUrl: string
  readonly audience: string
  readonly clients: Readonly<Record<string, { clientId: string; clientSecret: string }>>
}

const startTimeoutMs = 90_000
const stopTimeoutMs = 20_000
// The runner takes the port that it is given, and the ones that follow.
const portsNeeded = Array.from({ length: 12 }, (_, offset) => offset)

export async function startSystem(
  options: {
    dataDir?: string
    port?: number
    /** What the services inherit beside this process's own. */
    env?: Readonly<Record<string, string>>
  } = {},
): Promise<System> {
  const dataDir = options.dataDir ?? (await newDataDir())
  const port = options.port ?? (await freePortRange())
  const startedAt = performance.now()
  const runner = spawn(
    execPath,
    ['packages/embedded/dist/main.js', '--port', String(port), '--data-dir', dataDir],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, ...options.env } },
  )
  await ready(runner)
  const startMs = performance.now() - startedAt
  const url = `http://localhost:${port}`

  return {
    url,
    dataDir,
    startMs,
    token: (tenantId) => clientCredentials(dataDir, tenantId),
    pid: (service) => servicePid(dataDir, service),
    killed: async (service) => {
      const before = await servicePid(dataDir, service)
      kill(before, 'SIGKILL')
      await eventually(async () => (await servicePid(dataDir, service)) !== before)
      await eventually(async () => (await fetch(`${url}/readyz`)).ok)
    },
    stop: async () => {
      if (runner.exitCode === null) {
        runner.kill('SIGTERM')
        const forced = setTimeout(() => runner.kill('SIGKILL'), stopTimeoutMs)
        await once(runner, 'exit')
        clearTimeout(forced)
      }
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'heirloom-system-'))
  await chmod(dataDir, 0o711)
  return dataDir
}

/** Polls until `condition` holds; what it throws counts as "not yet". */
export async function eventually(
  condition: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    if (await condition().catch(() => false)) return
    if (Date.now() > deadline)
      throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function ready(runner: ChildProcess): Promise<void> {
  const lines: string[] = []
  const errors: string[] = []
  runner.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()))
  const timeout = setTimeout(() => runner.kill('SIGKILL'), startTimeoutMs)
  if (runner.stdout === null) throw new Error('the runner has no output')
  for await (const line of createInterface({ input: runner.stdout })) {
    lines.push(line)
    if (line.startsWith('Heirloom is ready')) {
      clearTimeout(timeout)
      runner.stdout.resume()
      return
    }
  }
  throw new Error(`the system did not start:\n${lines.join('\n')}\n${errors.join('')}`)
}

async function clientCredentials(dataDir: string, tenantId: string): Promise<string> {
  const cli = JSON.parse(await readFile(join(dataDir, 'cli.json'), 'utf8')) as CliFile
  const client = cli.clients[tenantId]
  if (client === undefined) throw new Error(`no client for ${tenantId}`)
  const response = await fetch(cli.tokenUrl, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: cli.audience }),
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`no token: ${response.status}`)
  return token
}

async function servicePid(dataDir: string, service: string): Promise<number> {
  const run = JSON.parse(await readFile(join(dataDir, 'run.json'), 'utf8')) as {
    readonly services: Readonly<Record<string, number>>
  }
  const pid = run.services[service]
  if (pid === undefined) throw new Error(`${service} does not run`)
  return pid
}

/** The first of a run of ports that nobody listens on. */
async function freePortRange(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + Math.floor(Math.random() * 30_000)
    const free = await Promise.all(portsNeeded.map((offset) => isFree(first + offset)))
    if (free.every(Boolean)) return first
  }
  throw new Error('no free ports')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address() as AddressInfo
      server.close(() => resolve(address.port === port))
    })
  })
}
