import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { composeServices } from '@apollo/composition'
import { GraphQLError } from 'graphql'
import { createClient } from 'graphql-ws'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { freePort } from '@heirloom/embedded'
import { startOpenSubgraph, type OpenSubgraph } from '../testing/open-subgraph.js'

// The program itself, as a process of its own, in front of subgraphs that know nothing of us.

const program = fileURLToPath(new URL('../../dist/standalone/main.js', import.meta.url))
const startTimeoutMs = 30_000

const charlotte = { id: 'u1', posts: 1 }

const users = {
  name: 'users',
  sdl: `
    type Query { me: User secret: String broken: String whoami: [String]! }
    type Mutation { rename(name: String!): User }
    type User @key(fields: "id") { id: ID! name: String }
  `,
  resolvers: {
    Query: {
      me: () => ({ id: 'u1', name: 'Charlotte' }),
      secret: () => {
        throw new GraphQLError('not for you', { extensions: { code: 'TEAPOT', hint: 'tea' } })
      },
      broken: () => {
        throw new Error('it broke')
      },
      whoami: (_: unknown, _args: unknown, { headers }: { headers: Record<string, string> }) => [
        headers['authorization'] ?? null,
        headers['x-tenant'] ?? null,
        headers['x-other'] ?? null,
      ],
    },
    Mutation: { rename: (_: unknown, { name }: { name: string }) => ({ id: 'u1', name }) },
    User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: 'Charlotte' }) },
  },
}

const posts = {
  name: 'posts',
  sdl: `
    type Query { posts: [Post!]! }
    type Subscription { written(count: Int!): Post! }
    type Post { text: String! by: User! }
    type User @key(fields: "id") { id: ID! posts: Int! }
  `,
  resolvers: {
    Query: { posts: () => [{ text: 'first', by: charlotte }] },
    Subscription: {
      written: {
        subscribe: async function* (_: unknown, { count }: { count: number }) {
          for (let at = 1; at <= count; at += 1) yield { text: `post ${at}`, by: charlotte }
        },
        resolve: (post: unknown) => post,
      },
    },
    User: { __resolveReference: () => charlotte },
  },
}

interface Running {
  readonly url: string
  readonly child: ChildProcess
}

let folder: string
let subgraphs: OpenSubgraph[]
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heirloom-standalone-'))
  subgraphs = [await startOpenSubgraph(users), await startOpenSubgraph(posts)]
  await writeFile(join(folder, 'supergraph.graphql'), composed())
})

afterAll(async () => {
  for (const subgraph of subgraphs) await subgraph.close()
  await rm(folder, { recursive: true, force: true })
})

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
})

function composed(without = ''): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.filter(({ name }) => name !== without),
  )
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return supergraphSdl
}

function start(env: Record<string, string>): { child: ChildProcess; said: () => string } {
  const child = fork(program, [], {
    env: { SUPERGRAPH_FILE: join(folder, 'supergraph.graphql'), PORT: '0', ...env },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  children.push(child)
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdout?.resume()
  return { child, said: () => said }
}

async function running(env: Record<string, string> = {}): Promise<Running> {
  const { child, said } = start(env)
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [undefined]),
  ])) as [{ address: string } | undefined]
  if (message === undefined) throw new Error(said())
  return { url: message.address, child }
}

async function refusal(env: Record<string, string>): Promise<{ code: unknown; said: string }> {
  const { child, said } = start(env)
  const [code] = (await once(child, 'close')) as [unknown]
  return { code, said: said() }
}

async function ask(
  { url }: Running,
  query: string,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as Record<string, unknown>
}

describe('a supergraph of others', { timeout: startTimeoutMs }, () => {
  it.each(['compiled', 'reference'])('is served over HTTP by the %s executor', async (executor) => {
    const gateway = await running({ GATEWAY_EXECUTOR: executor })
    expect(await ask(gateway, '{ posts { text by { name posts } } }')).toEqual({
      data: { posts: [{ text: 'first', by: { name: 'Charlotte', posts: 1 } }] },
    })
    expect(await ask(gateway, 'mutation { rename(name: "Anne") { name } }')).toEqual({
      data: { rename: { name: 'Anne' } },
    })
    expect(await ask(gateway, '{ secret }')).toEqual({
      data: { secret: null },
      errors: [
        {
          message: 'not for you',
          path: ['secret'],
          extensions: expect.objectContaining({ code: 'TEAPOT', hint: 'tea' }) as object,
        },
      ],
    })
    expect(await ask(gateway, '{ broken me { id } }')).toMatchObject({
      data: { broken: null, me: { id: 'u1' } },
      errors: [{ message: 'it broke', path: ['broken'] }],
    })
    expect(await ask(gateway, '{ nothing }')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
  })

  it('is served over WebSocket, subscriptions filled from other subgraphs included', async () => {
    const { url } = await running({ FORWARD_HEADERS: 'authorization' })
    const client = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { Authorization: 'Bearer socket', 'x-tenant': 't1' },
      retryAttempts: 0,
    })
    const results: unknown[] = []
    const query = 'subscription { written(count: 3) { text by { name } } }'
    for await (const { data } of client.iterate({ query })) results.push(data)
    expect(results).toEqual(
      [1, 2, 3].map((at) => ({ written: { text: `post ${at}`, by: { name: 'Charlotte' } } })),
    )
    for await (const { data } of client.iterate({ query: '{ whoami }' })) {
      expect(data).toEqual({ whoami: ['Bearer socket', null, null] })
    }
    await client.dispose()
    const socket = subgraphs[1]?.seen.find(({ params }) => params !== undefined)
    expect(socket?.params).toEqual({ authorization: 'Bearer socket' })
    expect(socket?.headers['authorization']).toBe('Bearer socket')
  })

  it('forwards the named headers and no others', async () => {
    const gateway = await running({ FORWARD_HEADERS: 'Authorization, x-tenant' })
    const headers = { authorization: 'Bearer me', 'x-tenant': 't1', 'x-other': 'no' }
    expect(await ask(gateway, '{ whoami }', headers)).toEqual({
      data: { whoami: ['Bearer me', 't1', null] },
    })
    expect(await ask(gateway, '{ whoami }')).toEqual({ data: { whoami: [null, null, null] } })
  })

  it('opens no socket for a page of another site when cookies are forwarded', async () => {
    const { url } = await running({ FORWARD_HEADERS: 'cookie' })
    const opened = (origin: string) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, {
          protocol: 'graphql-transport-ws',
          headers: { origin, cookie: 'session=1' },
        })
        socket.on('open', () => {
          socket.terminate()
          resolve('open')
        })
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
        socket.on('error', () => undefined)
      })
    expect(await opened('http://elsewhere.example')).toBe(403)
    expect(await opened(url)).toBe('open')
  })

  it('finds subgraphs where it is told to, and says which do not answer', async () => {
    const elsewhere = await running({ SUBGRAPH_URLS: 'users=http://127.0.0.1:1/graphql' })
    expect(await ask(elsewhere, '{ posts { text by { name } } }')).toMatchObject({
      data: { posts: [{ text: 'first', by: { name: null } }] },
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', details: { subgraph: 'users' } } }],
    })
    const unready = await fetch(`${elsewhere.url}/readyz`)
    expect(unready.status).toBe(503)
    expect(await unready.json()).toMatchObject({ error: { details: { missing: ['users'] } } })
    expect((await fetch(`${elsewhere.url}/healthz`)).status).toBe(200)

    const ready = await fetch(`${(await running()).url}/readyz`)
    expect(ready.status).toBe(200)
  })

  it('keeps its schema to itself when told to, and limits what may be asked', async () => {
    const closed = await running({ INTROSPECTION: 'off', MAX_DEPTH: '2' })
    expect(await ask(closed, '{ __schema { description } }')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
    expect((await fetch(`${closed.url}/schema`)).status).toBe(404)
    expect(await ask(closed, '{ __typename me { __typename } }')).toEqual({
      data: { __typename: 'Query', me: { __typename: 'User' } },
    })
    expect(await ask(closed, '{ posts { by { name } } }')).toMatchObject({
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX', details: { depth: 3, limit: 2 } } }],
    })
    const open = await running()
    expect(await ask(open, '{ __schema { queryType { name } } }')).toEqual({
      data: { __schema: { queryType: { name: 'Query' } } },
    })
    const page = await fetch(`${open.url}/graphiql`)
    expect(page.headers.get('content-security-policy')).toContain(
      `connect-src 'self' ${open.url.replace(/^http/, 'ws')}`,
    )
  })

  it('tells Prometheus what became of operations, on a port that is not for clients', async () => {
    const port = await freePort()
    const { url } = await running({ METRICS_PORT: String(port) })
    const ask = (query: string): Promise<Response> =>
      fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      })
    await ask('{ __typename }')
    await ask('query ($id: ID!) { __typename }')
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).toContain('heirloom_gateway_operations_total{how="compiled"} 1\n')
    expect(metrics).toContain('nodejs_eventloop_lag_seconds')
    expect((await fetch(`http://127.0.0.1:${port}/graphql`)).status).toBe(404)
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
  })

  it('limits what may be followed, as it limits what may be asked', async () => {
    const { url } = await running({ MAX_DEPTH: '2' })
    const tooDeep = 'subscription { written(count: 1) { by { name } } }'
    const refusal = { extensions: { code: 'QUERY_TOO_COMPLEX', details: { depth: 3, limit: 2 } } }
    const streamed = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: tooDeep }),
    })
    const [, data = ''] = /^data: (\{.*\})$/m.exec(await streamed.text()) ?? []
    expect(JSON.parse(data)).toMatchObject({ errors: [refusal] })
    const client = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
    })
    const refused = await new Promise((resolve) => {
      client.subscribe(
        { query: tooDeep },
        { next: resolve, error: resolve, complete: () => resolve('completed') },
      )
    })
    expect(refused).toMatchObject([refusal])
    await client.dispose()
  })

  it('is replaced while it is served, when the file is watched', async () => {
    const file = join(folder, 'watched.graphql')
    await writeFile(file, composed('posts'))
    const gateway = await running({ SUPERGRAPH_FILE: file, WATCH_SUPERGRAPH: 'on' })
    expect(await ask(gateway, '{ posts { text } }')).not.toHaveProperty('data')
    await writeFile(file, composed())
    await vi.waitFor(
      async () => {
        expect(await ask(gateway, '{ posts { text } }')).toEqual({
          data: { posts: [{ text: 'first' }] },
        })
      },
      { timeout: 5_000, interval: 100 },
    )
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s, without a complaint', async (signal) => {
    const { child, url } = await running()
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws')
    await once(socket, 'open')
    const closed = once(socket, 'close')
    const ended = once(child, 'exit')
    child.kill(signal)
    expect((await ended)[0]).toBe(0)
    expect((await closed)[0]).toBe(1001)
  })
})

describe('what cannot be served', { timeout: startTimeoutMs }, () => {
  it('is a file that is not there, or holds something else', async () => {
    const missing = join(folder, 'missing.graphql')
    expect(await refusal({ SUPERGRAPH_FILE: missing })).toEqual({
      code: 1,
      said: `there is no file ${missing}\n`,
    })
    const other = join(folder, 'subgraph.graphql')
    await writeFile(other, 'type Query { me: ID }')
    const { code, said } = await refusal({ SUPERGRAPH_FILE: other })
    expect(code).toBe(1)
    expect(said).toMatch(/^this supergraph cannot be served: .+\n$/)
  })

  it('is a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    expect(await refusal({ PORT: String(port) })).toEqual({
      code: 1,
      said: `port ${port} of 127.0.0.1 is taken\n`,
    })
    server.close()
  })

  it.each([
    ['FORWARD_HEADERS', 'content-length', 'the header content-length is not the client'],
    ['FORWARD_HEADERS', 'a:b', '"a:b" is no name of a header'],
    ['SUBGRAPH_URLS', 'users', '"users" must be NAME=URL'],
    ['SUBGRAPH_URLS', 'nobody=http://127.0.0.1/', 'the supergraph has no subgraph nobody'],
    ['GATEWAY_EXECUTOR', 'fast', 'GATEWAY_EXECUTOR must be compiled, reference'],
    ['PORT', '-1', 'PORT must be a whole number'],
  ])('is configured wrongly: %s %s', async (name, value, message) => {
    const { code, said } = await refusal({ [name]: value })
    expect(code).toBe(1)
    expect(said).toContain(message)
  })
})
