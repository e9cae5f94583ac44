import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHeirloomClient } from './client.js'
import { startLogServer, type LogServer } from './test-server.js'

describe('a query', () => {
  let server: LogServer
  beforeEach(async () => {
    server = await startLogServer()
  })
  afterEach(() => server.close())

  it('answers its data', async () => {
    server.append(2)
    const client = createHeirloomClient({ url: server.url })
    expect(
      await client.query('query ($id: ID!) { timelineEnd(legacyId: $id) }', { id: 'L' }),
    ).toEqual({
      timelineEnd: 'at-2',
    })
  })

  it('throws the code and message of an answer with errors, and keeps them all', async () => {
    const client = createHeirloomClient({ url: server.url })
    await expect(client.query('{ timelineEnd(legacyId: "missing") }')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no such legacy',
      retryable: false,
      errors: [{ path: ['timelineEnd'] }],
      data: { timelineEnd: null },
    })
  })

  it('sends its token, asking for it each time when it is a function', async () => {
    const given = ['first', 'second']
    const client = createHeirloomClient({
      url: server.url,
      token: () => Promise.resolve(given.shift() ?? ''),
    })
    await client.query('{ timelineEnd(legacyId: "L") }')
    await client.query('{ timelineEnd(legacyId: "L") }')
    expect(server.tokensSeen).toEqual(['first', 'second'])
  })

  it('throws the code of a failure outside GraphQL', async () => {
    server.tokens.add('good')
    const client = createHeirloomClient({ url: server.url, token: 'bad' })
    await expect(client.query('{ __typename }')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'the token is not good',
      retryable: false,
    })
  })

  it('can be tried again when nobody answers', async () => {
    const client = createHeirloomClient({ url: 'http://127.0.0.1:9/graphql' })
    await expect(client.query('{ __typename }')).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      retryable: true,
    })
  })

  it('ends with the reason of the signal that aborts it', async () => {
    const controller = new AbortController()
    controller.abort(new Error('never mind'))
    const client = createHeirloomClient({ url: server.url })
    const query = client.query('{ __typename }', {}, { signal: controller.signal })
    await expect(query).rejects.toThrow('never mind')
  })
})

describe('something that is not the API', () => {
  let server: Server
  let url = ''
  beforeEach(async () => {
    server = createServer((request, response) => {
      response.statusCode = request.url === '/down' ? 502 : 200
      response.end('<h1>Welcome</h1>')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  it('is named as such, and tried again only when it may be a proxy without a backend', async () => {
    await expect(createHeirloomClient({ url }).query('{ a }')).rejects.toMatchObject({
      code: 'BAD_ANSWER',
      retryable: false,
    })
    await expect(createHeirloomClient({ url: `${url}/down` }).query('{ a }')).rejects.toMatchObject(
      {
        code: 'BAD_ANSWER',
        retryable: true,
      },
    )
  })
})

it('refuses an address that is none', () => {
  expect(() => createHeirloomClient({ url: '/graphql' })).toThrow('"/graphql" is no address')
})
