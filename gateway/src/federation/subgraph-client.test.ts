import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, testLogger } from '@heirloom/testkit'
import { testCaller } from '../testing/test-caller.js'
import { createSubgraphClient, type SubgraphClient } from './subgraph-client.js'

let server: Server
let client: SubgraphClient

afterEach(async () => {
  await client.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function answering(listener: RequestListener): Promise<void> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  client = createSubgraphClient({
    urls: new Map([['s', `http://127.0.0.1:${port}/graphql`]]),
    logger: testLogger(),
    timeoutMs: 200,
    maxAnswerBytes: 1_000,
    breaker: { failuresToOpen: 3, openMs: 100 },
  })
}

const caller = testCaller('Bearer t')

function ask(query = '{ a }') {
  return client.fetch({ subgraph: 's', query, variables: {}, caller })
}

async function code(query?: string): Promise<unknown> {
  const { data, errors } = await ask(query)
  expect(data).toBeUndefined()
  expect(errors?.[0]?.extensions?.['request_id']).toBe(caller.requestId)
  return errors?.[0]?.extensions?.['code']
}

describe('a subgraph', () => {
  it('is told who asks, and within which request and trace', async () => {
    let headers: Record<string, unknown> = {}
    await answering((request, response) => {
      headers = request.headers
      response.end('{"data":{"a":1}}')
    })
    expect(await ask()).toEqual({ data: { a: 1 } })
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'x-request-id': caller.requestId,
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) as string,
    })
  })

  it.each([
    ['talks nonsense', 200, '<html>'],
    ['answers what is no GraphQL', 200, '{"hello":1}'],
    [
      'refuses our own token',
      401,
      '{"error":{"code":"TOKEN_INVALID","http_status":401,"message":"no"}}',
    ],
    ['answers more than we can hold', 200, JSON.stringify({ data: { a: 'x'.repeat(2_000) } })],
  ])('is unavailable when it %s', async (_what, status, body) => {
    await answering((_request, response) => {
      response.writeHead(status).end(body)
    })
    expect(await code()).toBe('SUBGRAPH_UNAVAILABLE')
  })

  it('keeps the code with which it refused a request as a whole', async () => {
    const error = {
      message: 'too much',
      code: 'PAYLOAD_TOO_LARGE',
      http_status: 413,
      retryable: false,
      request_id: caller.requestId,
      details: {},
    }
    await answering((_request, response) => {
      response.writeHead(413).end(JSON.stringify({ error }))
    })
    const { message, ...extensions } = error
    expect((await ask()).errors).toEqual([{ message, extensions }])
  })

  it('has only so much time, also to finish its answer', async () => {
    await answering((_request, response) => {
      response.writeHead(200).write('{"data":')
    })
    expect(await code()).toBe('TIMEOUT')
  })

  it('is asked once more when a connection turns out to be closed, but never to change data', async () => {
    let asked = 0
    await answering((request, response) => {
      asked += 1
      if (asked === 2) request.socket.destroy()
      else response.end('{"data":{"a":1}}')
    })
    await ask()
    expect(await ask()).toEqual({ data: { a: 1 } })
    expect(asked).toBe(3)
    asked = 1
    expect(await code('mutation { change }')).toBe('SUBGRAPH_UNAVAILABLE')
    expect(asked).toBe(2)
  })

  it('is left alone for a while after so many failures in a row, and then tried again', async () => {
    let asked = 0
    let isUp = false
    await answering((request, response) => {
      asked += 1
      if (isUp) response.end('{"data":{"a":1}}')
      else request.socket.destroy()
    })
    for (let n = 0; n < 6; n += 1) expect(await code()).toBe('SUBGRAPH_UNAVAILABLE')
    expect(asked).toBe(3)
    isUp = true
    await eventually(async () => (await ask()).data?.['a'] === 1)
    expect(asked).toBe(4)
  })

  it('is not asked in headers that would be more than one, and is not blamed for them', async () => {
    let asked = 0
    await answering((_request, response) => {
      asked += 1
      response.end('{"data":{"a":1}}')
    })
    const headersFor = () => Promise.resolve({ 'x-a': 'b\r\nx-admin: true' })
    for (let n = 0; n < 4; n += 1) {
      const request = { subgraph: 's', query: '{ a }', variables: {} }
      const { errors } = await client.fetch({ ...request, caller: { ...caller, headersFor } })
      expect(errors?.[0]?.extensions?.['code']).toBe('SUBGRAPH_UNAVAILABLE')
    }
    expect(asked).toBe(0)
    expect(await ask()).toEqual({ data: { a: 1 } })
  })

  it.each([
    ['a text', '{"data":null,"errors":"no"}'],
    ['a list of anything', '{"errors":[null,7,{"message":7,"path":"a","extensions":[]}]}'],
  ])('may say its errors in %s, which are errors all the same', async (_what, body) => {
    await answering((_request, response) => void response.end(body))
    const { data, errors } = await ask()
    expect(data ?? null).toBeNull()
    expect(errors?.length).toBeGreaterThan(0)
    for (const error of errors ?? []) expect(error).toMatchObject({ message: '' })
  })
})
