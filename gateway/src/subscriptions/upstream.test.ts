import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { openUpstream } from './upstream.js'

let server: WebSocketServer
let connections = 0

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', () => {
    connections += 1
  })
  await once(server, 'listening')
})

afterAll(() => server.close())

describe('a subscription at a subgraph', () => {
  it('is not opened for somebody who left while the token was made', async () => {
    const leaving = new AbortController()
    const { port } = server.address() as AddressInfo
    const events = openUpstream(
      {
        url: `ws://127.0.0.1:${port}/graphql`,
        query: 'subscription { never }',
        variables: {},
        headers: async () => {
          leaving.abort()
          return { authorization: 'Bearer token' }
        },
      },
      leaving.signal,
    )
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(connections).toBe(0)
  })
})
