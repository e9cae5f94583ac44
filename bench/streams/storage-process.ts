import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectCluster, startPostgres } from '@heirloom/embedded'
import type { TenantContext } from '@heirloom/tenancy'
import { graphqlClient, newDataDir, testKeys, type GraphQLClient } from '@heirloom/testkit'

/** The storage subgraph as its own process, as in production, on a PostgreSQL of its own. */
export interface StorageProcess {
  /** Its /graphql. */
  readonly url: string
  /** A token is good for a minute: ask for one when it is used. */
  token(context: TenantContext): Promise<string>
  /** A client that lasts. */
  as(context: TenantContext): GraphQLClient
  /** Bytes that live on the heap and beside it, after a full collection. */
  liveBytes(): Promise<number>
  /** Milliseconds of processor time that it has used. */
  cpuMs(): Promise<number>
  stop(): Promise<void>
}

// proc(5): user and system time are the 14th and 15th field, in hundredths of a second.
const [userField, systemField, tickMs] = [11, 12, 10]
// Loaded before the service, which knows nothing of it: collects when it is asked, and says what is left.
const probe = `process.on('SIGUSR2', () => {
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ type: 'memory', bytes: heapUsed + external })
})`
const probeArgs = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(probe)}`]
const main = new URL('../../../subgraphs/storage/dist/main.js', import.meta.url).pathname
const tokenLifeMs = 30_000

/** What PostgreSQL promises about crashes is given up: disks differ more than programs do. */
export async function startStorageProcess(): Promise<StorageProcess> {
  const dataDir = await newDataDir()
  const postgres = await startPostgres({ dataDir, durable: false })
  const cluster = connectCluster({ port: postgres.port, passwords: postgres.passwords })
  await cluster.createDatabase('storage')
  const urls = cluster.urls('storage')
  const keys = await testKeys()
  const jwks = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(keys.jwks))
  })
  jwks.listen(0, '127.0.0.1')
  await once(jwks, 'listening')
  const port = await freePort()
  const child = spawn(process.execPath, [...probeArgs, main, 'serve', '--migrate'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      SERVICE_ROLE: 'api',
      LOG_LEVEL: 'warn',
      PORT: String(port),
      DATABASE_URL: urls.appUrl,
      MIGRATION_DATABASE_URL: urls.ownerUrl,
      INTERNAL_JWKS_URL: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`,
      STORIES_URL: 'http://127.0.0.1:9/graphql',
      STREAM_CURSOR_KEYS: `bench:${Buffer.alloc(32, 7).toString('base64')}`,
    },
  })
  await ready(child)
  const url = `http://127.0.0.1:${port}/graphql`
  const token = (context: TenantContext): Promise<string> => keys.token('storage', context)

  return {
    url,
    token,
    as: (context) => {
      let client: { readonly gql: GraphQLClient; readonly at: number } | undefined
      return async (query, variables) => {
        if (client === undefined || Date.now() - client.at > tokenLifeMs) {
          client = { gql: graphqlClient(url, await token(context)), at: Date.now() }
        }
        return client.gql(query, variables)
      }
    },
    liveBytes: async () => {
      const answer = once(child, 'message')
      child.kill('SIGUSR2')
      const [message] = (await answer) as [{ readonly bytes: number }]
      return message.bytes
    },
    cpuMs: async () => {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      // What comes before, the name of the program, may contain anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return tickMs * (Number(fields[userField]) + Number(fields[systemField]))
    },
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      jwks.close()
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`the storage process ended with ${code}`)))
  })
}
