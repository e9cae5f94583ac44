import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '@heirloom/embedded'
import { testLogger } from '@heirloom/testkit'
import { createGateway, type Gateway } from '../app.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

// What somebody sends who wants to harm, and how little it costs. Each is named in docs/security.md.

let gateway: TestGateway
let strict: Gateway
let strictUrl: string
let token: string

beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.serviceToken()
  const { config, database } = gateway
  strict = await createGateway({
    config: {
      ...config,
      port: await freePort(),
      introspection: false,
      costs: { maxCost: 500, maxListSize: 100 },
      rates: { costPerUser: 1_000 },
      httpLimits: { headersTimeoutMs: 300, requestTimeoutMs: 600, maxHeaderBytes: 4_096 },
    },
    database,
    logger: testLogger(),
  })
  strictUrl = await strict.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await strict.close()
  await gateway.close()
})

interface Asked {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
}

async function ask(query: unknown, url = gateway.url, bearer = token): Promise<Asked> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization: `Bearer ${bearer}`,
    },
    body: JSON.stringify(typeof query === 'string' ? { query } : query),
  })
  const text = await response.text()
  const { errors, error } = JSON.parse(text) as {
    errors?: readonly { extensions: { code: string } }[]
    error?: { code: string }
  }
  return { status: response.status, code: errors?.[0]?.extensions.code ?? error?.code, text }
}

/** Fragments, each of which spreads the next twice: 2^count times what the last selects. */
function doubling(count: number, last: string): string {
  const fragments = Array.from(
    { length: count },
    (_, at) => `fragment F${at} on Author { ...F${at + 1} ...F${at + 1} }`,
  )
  return `{ author(id: "a1") { ...F0 } } ${fragments.join(' ')} fragment F${count} on Author { ${last} }`
}

const repeated = (count: number, each: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => each(at)).join(' ')

/** Far more than it takes on a busy machine, and far less than any of these would take unguarded. */
const soonMs = 1_500

describe('a document that stands for far more than it says', () => {
  it.each([
    ['a bomb of fragments', doubling(60, 'id'), 'QUERY_TOO_COMPLEX'],
    [
      'a bomb of fragments that select type names alone',
      doubling(60, '__typename'),
      'QUERY_TOO_COMPLEX',
    ],
    [
      'a bomb of aliases',
      `{ ${repeated(1_200, (at) => `a${at}: __typename`)} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'root fields hidden in a fragment',
      `{ ...R } fragment R on Query { ${repeated(60, () => 'books { id }')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'directives without number on one field',
      `{ __typename ${repeated(1_000, () => '@skip(if: false)')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'directives without number over fields',
      `{ author(id: "a1") { ${repeated(600, () => 'id @skip(if: false)')} } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'directives multiplied by fragments',
      doubling(9, 'id @skip(if: false) @include(if: true)'),
      'QUERY_TOO_COMPLEX',
    ],
    [
      'one field again and again',
      `{ author(id: "a1") { ${repeated(4_900, () => 'id')} } }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'one field so often that comparing each with each would take long',
      `{ author(id: "a1") { ${repeated(1_900, () => 'id')} } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['more tokens than anybody reads', `{ ${repeated(200_000, () => 'a')} }`, 'QUERY_TOO_COMPLEX'],
    [
      'depth',
      `{ author(id: "a1") ${'{ friends '.repeat(800)}{ id }${'}'.repeat(801)}`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'a fragment that contains itself',
      '{ author(id: "a1") { ...F } } fragment F on Author { friends { ...F } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'fragments that contain each other',
      '{ author(id: "a1") { ...F } } fragment F on Author { ...G ...G } fragment G on Author { ...F ...F }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'introspection that goes in circles',
      `{ __schema { types ${'{ fields { type '.repeat(6)}{ name }${'} }'.repeat(6)} } }`,
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('is refused at once: %s', async (_what, query, code) => {
    const startedAt = performance.now()
    const asked = await ask(query)
    expect({ status: asked.status, code: asked.code }).toEqual({ status: 400, code })
    expect(performance.now() - startedAt).toBeLessThan(soonMs)
  })

  it('may repeat itself within the limits, and is answered soon', async () => {
    const query = `{ author(id: "a1") { ${repeated(600, () => 'id')} } }`
    const startedAt = performance.now()
    expect((await ask(query)).status).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(soonMs)
  })
})

describe('costs', () => {
  it('of lists of lists are refused before anything is sent, with what they are', async () => {
    const friends = 'author(id: "a1") { friends { friends { friends { id } } } }'
    const asked = await ask(`{ ${friends} }`, strictUrl)
    expect(asked).toMatchObject({ status: 400, code: 'QUERY_TOO_COMPLEX' })
    expect(JSON.parse(asked.text)).toMatchObject({
      errors: [{ extensions: { details: { cost: 1111, limit: 500 } } }],
    })
  })

  it('of a user in a minute are bounded, and those of another user go on', async () => {
    const query = '{ author(id: "a1") { friends { friends { id } } } }'
    const [mine, yours] = [
      await gateway.forge({ sub: 'dear' }),
      await gateway.forge({ sub: 'other' }),
    ]
    const statuses: number[] = []
    for (let at = 0; at < 11; at += 1) statuses.push((await ask(query, strictUrl, mine)).status)
    // 111 points each, of 1,000.
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 200), 429, 429])
    expect((await ask(query, strictUrl, yours)).status).toBe(200)
  })
})

describe('a request', () => {
  it('carries one operation, not a list of them', async () => {
    const asked = await ask([{ query: '{ __typename }' }, { query: '{ __typename }' }])
    expect(asked).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
    expect(asked.text).toContain('one operation in each request')
  })

  it('with headers that are too large is refused', async () => {
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nx-filler: ${'x'.repeat(5_000)}\r\n\r\n`
    expect(await exchanged([head])).toContain('PAYLOAD_TOO_LARGE')
  })

  it.each([
    ['headers', ['POST /graphql HTTP/1.1\r\n', 'host: x\r\n']],
    [
      'body',
      [
        `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n`,
        '\r\n{"que',
      ],
    ],
  ])('that dribbles its %s is given up, and disturbs nobody', async (what, pieces) => {
    const authorized =
      what === 'body' ? [`${pieces[0]}authorization: Bearer ${token}\r\n`, pieces[1] ?? ''] : pieces
    const dribbled = exchanged(authorized)
    expect((await ask('{ __typename }', strictUrl)).status).toBe(200)
    expect(await dribbled).toContain('did not arrive in time')
  })
})

describe('the schema', () => {
  it('is told to nobody where introspection is off, not even by suggestions', async () => {
    const introspected = await ask('{ __schema { queryType { name } } }', strictUrl)
    expect(introspected.code).toBe('GRAPHQL_VALIDATION_FAILED')
    for (const query of [
      '{ book(id: "b1") { titel } }',
      '{ book(idd: "b1") { title } }',
      'query Q($id: ID!) { book(id: $id) { title } } fragment F on Bok { id }',
    ]) {
      expect((await ask(query)).text).toContain('Did you mean')
      const asked = await ask(query, strictUrl)
      expect(asked.code).toBe('GRAPHQL_VALIDATION_FAILED')
      expect(asked.text).not.toMatch(/did you mean|title|Book"/i)
    }
    expect((await fetch(`${strictUrl}/schema`)).status).toBe(404)
  })
})

/** What the strict gateway answers to bytes that come piece by piece and are never all. */
function exchanged(pieces: readonly string[]): Promise<string> {
  const { port } = strict.app.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece)
    })
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => {
      text += piece
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
}
