import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '@heirloom/testkit'
import {
  createLeanClient,
  type HttpClient,
  type LeanClientOptions,
  type Post,
} from './lean-client.js'

// Against sockets that do what no HTTP server would.

let server: Server
let client: HttpClient
const sockets = new Set<Socket>()

afterEach(async () => {
  client.close()
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await new Promise<unknown>((resolve) => void server.close(resolve))
})

type OnRequest = (socket: Socket, nth: number, text: string) => unknown

/** `onRequest` is called for each piece that arrives; small requests come as one. */
async function serve(
  onRequest: OnRequest,
  options: Partial<LeanClientOptions> = {},
): Promise<void> {
  let count = 0
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => onRequest(socket, (count += 1), bytes.toString()))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  client = createLeanClient({
    url: new URL(`http://127.0.0.1:${port}/graphql?x=1`),
    maxConnections: 2,
    connectTimeoutMs: 500,
    maxAnswerBytes: 100_000,
    keepAliveMs: 30_000,
    ...options,
  })
}

function post(given: Partial<Post> = {}) {
  return client.post({
    fields: 'x-one: 1\r\n',
    body: '{"query":"{ a }"}',
    isRepeatable: true,
    timeoutMs: 2_000,
    ...given,
  })
}

function answer(text: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

const outcome = (work: Promise<unknown>) => work.catch((error: unknown) => error)
const until = (condition: () => boolean) => eventually(() => Promise.resolve(condition()))

describe('a request', () => {
  it('is sent as HTTP/1.1, and its connection is kept', async () => {
    const seen: string[] = []
    await serve((socket, nth, text) => {
      seen.push(text)
      socket.write(answer(`${nth}`))
    })
    expect((await post()).text).toBe('1')
    expect((await post({ body: '"é"' })).text).toBe('2')
    expect(sockets.size).toBe(1)
    expect(seen[0]).toMatch(/^POST \/graphql\?x=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
    expect(seen[0]).toContain('\r\nx-one: 1\r\ncontent-length: 17\r\n\r\n{"query":"{ a }"}')
    expect(seen[1]).toContain('content-length: 4\r\n\r\n"é"')
  })

  it('waits for a connection when all are taken, in turn', async () => {
    const held: Socket[] = []
    await serve((socket) => held.push(socket))
    const answers = Array.from({ length: 6 }, () => post())
    for (let round = 0; round < 6; round += 1) {
      await until(() => held.length > 0)
      held.shift()?.write(answer('{}'))
    }
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array(6).fill('{}'))
    expect(sockets.size).toBe(2)
  })

  it('that waits for a connection is bound by the same time', async () => {
    await serve(() => undefined)
    const all = [150, 150, 60].map((timeoutMs) => outcome(post({ timeoutMs })))
    const timeout = expect.objectContaining({ name: 'TimeoutError' }) as unknown
    expect(await Promise.all(all)).toEqual([timeout, timeout, timeout])
  })

  it('ends when it is no longer wanted, before, while waiting and halfway', async () => {
    await serve((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{'))
    const reason = new Error('gone')
    await expect(post({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controllers = [1, 2, 3].map(() => new AbortController())
    const all = controllers.map(({ signal }) => outcome(post({ signal })))
    await until(() => sockets.size === 2)
    for (const controller of controllers.toReversed()) controller.abort(reason)
    expect(await Promise.all(all)).toEqual([reason, reason, reason])
    await until(() => [...sockets].every((socket) => socket.destroyed))
  })

  it('fails when nobody listens, and the next one tries again', async () => {
    await serve(() => undefined)
    await new Promise<unknown>((resolve) => void server.close(resolve))
    await expect(post()).rejects.toMatchObject({ name: 'ConnectionLost' })
    await expect(post()).rejects.toMatchObject({ name: 'ConnectionLost' })
  })
})

describe('a server', () => {
  it.each<[string, OnRequest, string]>([
    ['talks nonsense', (socket) => socket.write('<html>\r\n\r\n'), 'BadAnswer'],
    ['hangs up', (socket) => socket.destroy(), 'ConnectionLost'],
    ['resets the connection', (socket) => socket.resetAndDestroy(), 'ConnectionLost'],
    [
      'sends half an answer',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
      'BadAnswer',
    ],
    [
      'announces 200 MB',
      (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 209715200\r\n\r\n'),
      'BadAnswer',
    ],
    ['never answers', () => undefined, 'TimeoutError'],
    ['never ends', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n{'), 'TimeoutError'],
  ])('that %s fails that request, and no other', async (_what, misbehave, name) => {
    await serve((socket, nth) =>
      nth === 1 ? misbehave(socket, nth, '') : socket.write(answer('{}')),
    )
    await expect(post({ timeoutMs: 200 })).rejects.toMatchObject({ name })
    expect((await post()).text).toBe('{}')
  })

  it('that pours out without end is cut off, and what it sent is not kept', async () => {
    const piece = Buffer.alloc(64_000, 'x')
    let sent = 0
    await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
      const pour = (): void => {
        while (!socket.destroyed && sent < 200_000_000) {
          sent += piece.length
          socket.write(`${piece.length.toString(16)}\r\n`)
          socket.write(piece)
          if (!socket.write('\r\n')) return void socket.once('drain', pour)
        }
      }
      pour()
    })
    await expect(post()).rejects.toMatchObject({ name: 'BadAnswer' })
    await until(() => [...sockets].some((socket) => socket.destroyed))
    expect(sent).toBeLessThan(20_000_000)
  })

  it('that answers unasked, or twice, loses the connection and confuses nobody', async () => {
    await serve((socket, nth) => {
      socket.write(answer(`${nth}`))
      if (nth === 1) socket.write(answer('"of somebody else"'))
    })
    expect((await post()).text).toBe('1')
    for (let nth = 2; nth < 6; nth += 1) expect((await post()).text).toBe(`${nth}`)
  })

  it('that answers before it has read everything gets no second request on that connection', async () => {
    await serve((socket, nth) => {
      if (nth === 1) socket.pause()
      socket.write(answer(nth === 1 ? '"too much"' : '{}'))
    })
    const large = await post({ body: JSON.stringify('x'.repeat(20_000_000)) })
    expect(large.text).toBe('"too much"')
    expect((await post()).text).toBe('{}')
    expect(sockets.size).toBe(2)
  })

  it('that closes idle connections is asked again, but never to change data', async () => {
    let drops = 0
    await serve((socket, nth) => {
      if (drops > 0) {
        drops -= 1
        socket.destroy()
      } else socket.write(answer(`${nth}`))
    })
    await Promise.all([post(), post()])
    drops = 1
    expect((await post()).text).toBe('4')
    drops = 1
    await expect(post({ isRepeatable: false })).rejects.toMatchObject({ name: 'ConnectionLost' })
    drops = 9
    await expect(post()).rejects.toMatchObject({ name: 'ConnectionLost' })
    expect(drops).toBeGreaterThan(5)
  })

  it('that says how long it keeps a connection is not asked on it later', async () => {
    await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\n{}')
    })
    await post()
    await post()
    expect(sockets.size).toBe(2)
  })
})

it('closing ends what is under way', async () => {
  await serve(() => undefined)
  const all = [post(), post(), post()].map(outcome)
  await until(() => sockets.size === 2)
  client.close()
  for (const one of await Promise.all(all)) expect(one).toBeInstanceOf(Error)
  await expect(post()).rejects.toThrow('closed')
})
