import { connect } from 'node:net'
import { createClient, type Client } from 'graphql-ws'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { released, startExampleSubgraph, type ExampleSubgraph } from './testing/example-subgraph.js'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function start(): Promise<ExampleSubgraph> {
  const started = await startExampleSubgraph()
  opened.push(started.server)
  return started
}

function client(url: string, authorization?: string): Client {
  const made = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: authorization === undefined ? {} : { authorization },
    retryAttempts: 0,
  })
  opened.push({ close: () => made.dispose() })
  return made
}

/** Everything an operation sends, and how it ends: null, a close event, or errors. */
async function collect(from: Client, query: string): Promise<{ results: unknown[]; end: unknown }> {
  const results: unknown[] = []
  const end = await new Promise((resolve) => {
    from.subscribe(
      { query },
      { next: (result) => results.push(result), error: resolve, complete: () => resolve(null) },
    )
  })
  return { results, end }
}

describe('a subgraph over WebSocket', () => {
  it('closes with 4401 and the code when the token is missing or expired', async () => {
    const { url, expired } = await start()
    const without = await collect(client(url), 'subscription { count(to: 1) }')
    expect(without.end).toMatchObject({ code: 4401, reason: 'UNAUTHENTICATED' })
    const late = await collect(client(url, `Bearer ${expired}`), 'subscription { count(to: 1) }')
    expect(late.end).toMatchObject({ code: 4401, reason: 'TOKEN_EXPIRED' })
    expect([...without.results, ...late.results]).toEqual([])
  })

  it('runs subscriptions and queries for the verified caller', async () => {
    const { url, token } = await start()
    const socket = client(url, `Bearer ${token}`)
    expect(await collect(socket, 'subscription { count(to: 2) }')).toEqual({
      results: [{ data: { count: 1 } }, { data: { count: 2 } }],
      end: null,
    })
    expect((await collect(socket, '{ whoami }')).results).toEqual([{ data: { whoami: 'ada' } }])
  })

  it('names a failure of the stream after the events that came before it', async () => {
    const { url, token } = await start()
    const { results, end } = await collect(
      client(url, `Bearer ${token}`),
      'subscription { count(to: 3) }',
    )
    expect(results).toHaveLength(3)
    expect(end).toMatchObject([
      {
        message: 'read faster',
        extensions: { code: 'CONSUMER_TOO_SLOW', retryable: true, request_id: 'request-1' },
      },
    ])
  })

  it('masks and logs an unknown failure of the stream', async () => {
    const { url, token, log } = await start()
    const { end } = await collect(client(url, `Bearer ${token}`), 'subscription { count(to: 4) }')
    expect(JSON.stringify(end)).not.toContain('hunter2')
    expect(end).toMatchObject([{ extensions: { code: 'INTERNAL', request_id: 'request-1' } }])
    expect(log).toHaveLength(1)
  })

  it('masks an unknown error of a field', async () => {
    const { url, token } = await start()
    const { results } = await collect(client(url, `Bearer ${token}`), '{ broken }')
    expect(JSON.stringify(results)).not.toContain('hunter2')
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL' } }] }])
  })

  it('ends one operation, not the socket, when a query is wrong', async () => {
    const { url, token } = await start()
    const socket = client(url, `Bearer ${token}`)
    const unparsed = await collect(socket, 'subscription {')
    expect(unparsed.end).toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }])
    const invalid = await collect(socket, 'subscription { nothing }')
    expect(invalid.end).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
    expect((await collect(socket, '{ whoami }')).results).toHaveLength(1)
  })

  it('releases the source of a subscription that its client ends', async () => {
    const { url, token } = await start()
    const before = released.count
    const socket = client(url, `Bearer ${token}`)
    const unsubscribe = await new Promise<() => void>((resolve) => {
      const stop = socket.subscribe(
        { query: 'subscription { endless }' },
        { next: () => undefined, error: () => undefined, complete: () => undefined },
      )
      // The second operation is answered after the first one was started.
      void collect(socket, '{ whoami }').then(() => resolve(stop))
    })
    unsubscribe()
    await collect(socket, '{ whoami }')
    expect(released.count).toBe(before + 1)
  })

  it('closes open sockets with 1001 when it stops, and releases their sources', async () => {
    const { server, url, token } = await start()
    const before = released.count
    const socket = client(url, `Bearer ${token}`)
    const ended = collect(socket, 'subscription { endless }')
    await collect(socket, '{ whoami }')
    await server.close()
    expect((await ended).end).toMatchObject({ code: 1001 })
    expect(released.count).toBe(before + 1)
  })

  it('survives a client that hangs up in the middle of the upgrade', async () => {
    const started = await start()
    const port = Number(new URL(started.url).port)
    await new Promise<void>((resolve) => {
      const raw = connect(port, '127.0.0.1', () => {
        raw.write(
          'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        )
        raw.resetAndDestroy()
        resolve()
      })
    })
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200)
  })
})
