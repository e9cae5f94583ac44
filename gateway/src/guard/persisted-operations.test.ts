import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '@heirloom/embedded'
import { testLogger } from '@heirloom/testkit'
import { createGateway, type Gateway } from '../app.js'
import { connect } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'
import { readOperationList, type PersistedOptions } from './persisted-operations.js'

const book = 'query Book($id: ID!) { book(id: $id) { title } }'
const whoami = 'query Who { whoami { tenant } }'
const followed = 'subscription F { followed(stream: "s") { text } }'
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const persisted = (text: string, version = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash: hash(text) } },
})

let folder: string
let gateway: TestGateway
let token: string
const others: Gateway[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heirloom-persisted-'))
  gateway = await startTestGateway()
  token = await gateway.serviceToken()
})
afterAll(async () => {
  for (const other of others) await other.close()
  await gateway.close()
  await rm(folder, { recursive: true, force: true })
})

async function another(options: PersistedOptions): Promise<string> {
  const config = { ...gateway.config, port: await freePort(), persisted: options }
  const { database } = gateway
  const opened = await createGateway({ config, database, logger: testLogger() })
  others.push(opened)
  return opened.listen({ host: '127.0.0.1', port: config.port })
}

interface Answer {
  readonly data?: Record<string, unknown> | null
  readonly errors?: readonly { message: string; extensions: { code: string } }[]
}

async function ask(body: object, url = gateway.url, bearer = token): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Answer
}

const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code
const variables = { id: 'b1' }

describe('automatic persisted operations', () => {
  it('are asked for once, as Apollo has it, and run by their hash from then on', async () => {
    const first = await ask({ ...persisted(book), variables })
    expect(first.data ?? null).toBeNull()
    expect(first.errors).toMatchObject([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ])
    const registered = await ask({ query: book, ...persisted(book), variables })
    expect(registered.data).toEqual({ book: { title: 'Jane Eyre' } })
    const other = await ask({ ...persisted(book), variables: { id: 'b2' } })
    expect(other.data).toEqual({ book: { title: 'Agnes Grey' } })
    const invalid = await ask({ ...persisted(book) })
    expect(codeOf(invalid)).toBe('INVALID_INPUT')
  })

  it('run as whoever names them, with what they may see', async () => {
    await ask({ query: whoami, ...persisted(whoami) })
    const downe = await gateway.serviceToken('t_downe')
    const theirs = await ask({ ...persisted(whoami) }, gateway.url, downe)
    expect(theirs.data).toEqual({ whoami: { tenant: 't_downe' } })
  })

  it('cannot be put in the place of others, and keep nothing that is invalid', async () => {
    expect(codeOf(await ask({ query: '{ books { id } }', ...persisted(book) }))).toBe(
      'INVALID_INPUT',
    )
    const nonsense = '{ nothing }'
    expect(codeOf(await ask({ query: nonsense, ...persisted(nonsense) }))).toBe(
      'GRAPHQL_VALIDATION_FAILED',
    )
    expect(codeOf(await ask({ ...persisted(nonsense) }))).toBe('PERSISTED_QUERY_NOT_FOUND')
    expect(codeOf(await ask({ ...persisted(book, 2) }))).toBe('INVALID_INPUT')
    const prototype = { extensions: { persistedQuery: { version: 1, sha256Hash: '__proto__' } } }
    expect(codeOf(await ask(prototype))).toBe('PERSISTED_QUERY_NOT_FOUND')
  })

  it('run over WebSocket and server-sent events too', async () => {
    const query = '{ book(id: "b2") { title id } }'
    const expected = { book: { title: 'Agnes Grey', id: 'b2' } }
    const socket = connect(gateway.url, { token })
    const over = socket.client.iterate({ query: '', ...persisted(query) })
    await expect(over.next()).rejects.toMatchObject([
      { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ])
    await ask({ query, ...persisted(query) })
    const again = socket.client.iterate({ query: '', ...persisted(query) })
    expect((await again.next()).value).toMatchObject({ data: expected })
    socket.client.terminate()
    const asked = new URLSearchParams({ extensions: JSON.stringify(persisted(query).extensions) })
    const stream = await fetch(`${gateway.url}/graphql/stream?${asked}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await stream.text()).toContain(JSON.stringify({ data: expected }))
  })

  it('are not understood where they are switched off', async () => {
    const url = await another({ mode: 'off', list: new Map() })
    expect(codeOf(await ask({ ...persisted(book) }, url))).toBe('PERSISTED_QUERY_NOT_SUPPORTED')
    expect((await ask({ query: book, variables }, url)).data).toBeTruthy()
  })
})

describe('a list of operations', () => {
  const list = new Map([
    ['book-1', book],
    [hash(whoami), whoami],
    [
      'two',
      'query A { books { id } } query B { ...Unused } fragment Unused on Query { shelved { name } }',
    ],
    ['follow', followed],
  ])
  let url: string

  beforeAll(async () => {
    url = await another({ mode: 'listed', list })
  })

  it('is all that runs, by text or by id, however it is laid out', async () => {
    const byId = { extensions: { persistedQuery: { version: 1, sha256Hash: 'book-1' } } }
    expect((await ask({ ...byId, variables }, url)).data).toEqual({ book: { title: 'Jane Eyre' } })
    expect((await ask({ query: book, variables }, url)).data).toBeTruthy()
    const laidOut = `# a comment\n${book.replaceAll(' ', '\n  ')}`
    expect((await ask({ query: laidOut, variables }, url)).data).toBeTruthy()
    expect((await ask({ query: 'query A { books { id } }' }, url)).data).toBeTruthy()
  })

  it.each([
    ['another field', { query: 'query Book($id: ID!) { book(id: $id) { title id } }', variables }],
    ['another name', { query: 'query B2($id: ID!) { book(id: $id) { title } }', variables }],
    ['a literal', { query: 'query Book { book(id: "b1") { title } }' }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['a hash that is not in it', persisted('{ books { id } }')],
    ['a text to register', { query: '{ books { id } }', ...persisted('{ books { id } }') }],
    [
      'a listed operation with another beside it',
      { query: `${book} query X { books { id } }`, operationName: 'X' },
    ],
  ])('refuses %s', async (_what, body) => {
    const answer = await ask(body, url)
    expect(answer.data ?? null).toBeNull()
    expect(codeOf(answer)).toBe('OPERATION_NOT_LISTED')
  })

  it('shows no tenant what is another tenant’s', async () => {
    for (const [tenant, bearer] of [
      ['t_haworth', token],
      ['t_downe', await gateway.serviceToken('t_downe')],
    ] as const) {
      const answer = await ask({ ...persisted(whoami) }, url, bearer)
      expect(answer.data).toEqual({ whoami: { tenant } })
    }
  })

  it('holds over WebSocket and server-sent events', async () => {
    const socket = connect(url, { token })
    await expect(socket.follow('{ books { id } }').next()).rejects.toMatchObject([
      { extensions: { code: 'OPERATION_NOT_LISTED' } },
    ])
    const event = socket.follow(followed).next()
    await gateway.log.untilFollowers(1)
    gateway.log.append('t_haworth', 'listed')
    expect(await event).toEqual({ data: { followed: { text: 'listed' } } })
    socket.client.terminate()
    const stream = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: 'subscription { followed(stream: "s") { text } }' }),
    })
    expect(await stream.text()).toContain('OPERATION_NOT_LISTED')
  })

  it('is read from the manifests that tools write, and from nothing else', async () => {
    const write = async (content: unknown): Promise<string> => {
      const file = join(folder, `${hash(JSON.stringify(content))}.json`)
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    }
    const manifest = {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'x', name: 'Book', type: 'query', body: book }],
    }
    expect(readOperationList(await write(manifest))).toEqual(new Map([['x', book]]))
    expect(readOperationList(await write({ y: book }))).toEqual(new Map([['y', book]]))
    for (const wrong of ['{', '[]', { x: 1 }, { x: '{' }, { operations: [{ id: 'x' }] }]) {
      const file = await write(wrong)
      expect(() => readOperationList(file)).toThrow(file)
    }
  })
})
