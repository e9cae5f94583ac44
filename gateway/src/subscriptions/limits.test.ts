import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { connect, type Connected } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

const tenant = 't_haworth'
const follow = 'subscription F($after: String) { followed(stream: "s", after: $after) { text } }'
const heartbeatMs = 1_000

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({
    heartbeatMs,
    connectionLimits: {
      connectionsPerUser: 3,
      connectionsPerTenant: 4,
      operationsPerSocket: 20,
      subscriptionsPerUser: 30,
    },
  })
})
afterAll(() => gateway.close())

function opened(token: string): Connected {
  return connect(gateway.url, { token })
}

const userToken = (sub: string, more: object = {}) => gateway.forge({ sub, ...more })

/** A socket as it is, for what no well-behaved client does. */
async function rawSocket(token: string, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(
    `${gateway.url.replace('http', 'ws')}/graphql`,
    'graphql-transport-ws',
    options,
  )
  socket.on('error', () => undefined)
  await once(socket, 'open')
  const payload = { authorization: `Bearer ${token}` }
  socket.send(JSON.stringify({ type: 'connection_init', payload }))
  await once(socket, 'message')
  return socket
}

async function closeOf(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

describe('limits of connections and subscriptions', () => {
  it('refuse a thousand subscribes on one socket but for the first, and keep serving it', async () => {
    const socket = await rawSocket(await userToken('thousand'))
    const refused: unknown[] = []
    const events: unknown[] = []
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as { type: string; payload: unknown }
      if (message.type === 'error') refused.push(message.payload)
      if (message.type === 'next') events.push(message.payload)
    })
    for (let id = 0; id < 1_000; id += 1) {
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query: follow } }))
    }
    await vi.waitFor(() => expect(refused).toHaveLength(980), 10_000)
    expect(refused[0]).toMatchObject([
      { message: expect.stringContaining('20') as string, extensions: { code: 'RATE_LIMITED' } },
    ])
    await gateway.log.untilFollowers(1)
    gateway.log.append(tenant, 'served')
    await vi.waitFor(() => expect(events).toHaveLength(20), 10_000)
    socket.terminate()
    await gateway.log.untilFollowers(0)
  })

  it('count the subscriptions of a user over all sockets, and give back what has ended', async () => {
    const token = await userToken('many')
    const [first, second] = [opened(token), opened(token)]
    for (let n = 0; n < 19; n += 1)
      void first
        .follow(follow)
        .next()
        .catch(() => undefined)
    const others = Array.from({ length: 11 }, () => second.follow(follow))
    const pending = others.map((other) => other.next())
    await gateway.log.untilFollowers(1)
    for (const socket of [first, second]) await socket.follow('{ __typename }').next()
    await expect(second.follow(follow).next()).rejects.toMatchObject([
      { extensions: { code: 'RATE_LIMITED', details: { limit: 30 } } },
    ])
    others[0]?.stop()
    await second.follow('{ __typename }').next()
    const next = second.follow(follow).next()
    await second.follow('{ __typename }').next()
    gateway.log.append(tenant, 'counted')
    expect(await next).toEqual({ data: { followed: { text: 'counted' } } })
    await Promise.all(pending)
    for (const { client } of [first, second]) client.terminate()
    await gateway.log.untilFollowers(0)
  })

  it('close the socket too many with 1013 and a reason, of a user and of a tenant', async () => {
    const [mine, yours] = [await userToken('one'), await userToken('two')]
    const open: WebSocket[] = []
    for (const token of [mine, mine, mine]) open.push(await rawSocket(token))
    const tooMany = opened(mine)
    await expect(tooMany.follow('{ __typename }').next()).rejects.toBeDefined()
    expect(await tooMany.closed).toMatchObject({ code: 1013, reason: 'RATE_LIMITED' })
    open.push(await rawSocket(yours))
    const fifth = opened(yours)
    await expect(fifth.follow('{ __typename }').next()).rejects.toBeDefined()
    expect(await fifth.closed).toMatchObject({ code: 1013, reason: 'RATE_LIMITED' })
    const elsewhere = opened(await userToken('one', { tenant_id: 't_downe' }))
    expect(await elsewhere.follow('{ __typename }').next()).toBeDefined()
    elsewhere.client.terminate()
    const left = open.map(closeOf)
    for (const socket of open) socket.terminate()
    await Promise.all(left)
    await vi.waitFor(async () => {
      const again = await rawSocket(mine)
      again.terminate()
    }, 10_000)
  })

  it('end a socket for a message that is too large, and that socket alone', async () => {
    const other = opened(await userToken('other'))
    const event = other.follow(follow).next()
    await gateway.log.untilFollowers(1)
    const socket = await rawSocket(await userToken('large'))
    socket.send('x'.repeat(2 * 1024 * 1024))
    expect(await closeOf(socket)).toBe(1009)
    gateway.log.append(tenant, 'undisturbed')
    expect(await event).toEqual({ data: { followed: { text: 'undisturbed' } } })
    other.client.terminate()
    await gateway.log.untilFollowers(0)
  })
})

describe('a socket at whose other end nobody is', () => {
  it('is ended when nobody answers, and not while somebody does', async () => {
    const answering = opened(await userToken('awake'))
    const event = answering.follow(follow).next()
    const silent = await rawSocket(await userToken('silent'), { autoPong: false })
    expect(await closeOf(silent)).toBe(1006)
    gateway.log.append(tenant, 'still here')
    expect(await event).toEqual({ data: { followed: { text: 'still here' } } })
    answering.client.terminate()
    await gateway.log.untilFollowers(0)
  })

  it('is read no further when it takes no answers, and ended', async () => {
    const bearer = await userToken('asking')
    const rename = 'mutation R($title: String!) { rename(id: "b2", title: $title) { id } }'
    await gateway.client(bearer)(rename, { title: 'x'.repeat(1_000_000) })
    const socket = await rawSocket(bearer)
    const closed = closeOf(socket)
    const send = (id: string, query: string): void =>
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }))
    send('f', follow)
    await gateway.log.untilFollowers(1)
    socket.pause()
    for (let id = 0; id < 19; id += 1) send(String(id), '{ book(id: "b2") { title } }')
    // What is sent from now on is not read any more: it is held here, and nothing is held there.
    for (let id = 19; socket.bufferedAmount < 1_000_000; id += 1) {
      send(String(id), `{ book(id: "b2") { id } } # ${'x'.repeat(100_000)}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await gateway.log.untilFollowers(0)
    socket.resume()
    expect(await closed).toBe(1006)
    await gateway.client(bearer)(rename, { title: 'Agnes Grey' })
  })
})
