import { createClient, type Client } from 'graphql-ws'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { many, released, startExampleSubgraph } from './testing/example-subgraph.js'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function connect(): Promise<Client> {
  const { server, url, token } = await startExampleSubgraph()
  opened.push(server)
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  })
  opened.push({ close: () => client.dispose() })
  return client
}

interface Ended {
  readonly results: readonly unknown[]
  readonly end: unknown
}

/** Everything that comes until it ends, or until so many have come; then it is ended from here. */
function collect(client: Client, query: string, enough = Infinity): Promise<Ended> {
  return new Promise((resolve) => {
    const results: unknown[] = []
    const stop = client.subscribe(
      { query },
      {
        next: (result) => {
          results.push(result)
          if (results.length === enough) stop()
        },
        error: (end) => resolve({ results, end }),
        complete: () => resolve({ results, end: null }),
      },
    )
  })
}

const start = { data: null, extensions: { start_cursor: 'c0' } }

describe('results that are written as text', () => {
  it('come in order after where "now" was, and in few batches', async () => {
    const before = many.batches
    const { results } = await collect(await connect(), 'subscription { many(count: 12) }', 13)
    const numbers = Array.from({ length: 12 }, (_, n) => ({ data: { many: n + 1 } }))
    expect(results).toEqual([start, ...numbers])
    expect(many.batches - before).toBe(3)
  })

  it('end with the name of what ended their source, after what came before', async () => {
    const { results, end } = await collect(await connect(), 'subscription { many(count: 15) }')
    expect(results).toHaveLength(16)
    expect(end).toMatchObject([{ extensions: { code: 'CONSUMER_TOO_SLOW' } }])
  })

  it('release their source when the client ends them, or leaves', async () => {
    const client = await connect()
    const before = released.count
    await collect(client, 'subscription { many(count: 2) }', 3)
    await vi.waitFor(() => expect(released.count).toBe(before + 1))
    void collect(client, 'subscription { many(count: 3) }')
    await collect(client, '{ whoami }')
    client.terminate()
    await vi.waitFor(() => expect(released.count).toBe(before + 2))
  })

  it('are checked and coerced as others are', async () => {
    const client = await connect()
    const invalid = await collect(client, 'subscription { many }')
    expect(invalid.end).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
    const refused = await collect(client, 'subscription ($n: Int!) { many(count: $n) }')
    expect(refused.results).toMatchObject([{ errors: [{ extensions: { code: 'INVALID_INPUT' } }] }])
  })
})
