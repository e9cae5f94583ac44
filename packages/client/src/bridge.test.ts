import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client'
import { Client, fetchExchange } from '@urql/core'
import { GraphQLError, parse, type DocumentNode } from 'graphql'
import { Observable } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHeirloomLink } from './apollo.js'
import type { BridgeOptions } from './bridge.js'
import { createHeirloomClient } from './client.js'
import { cursorOf, startLogServer, type LogServer } from './test-server.js'
import { createHeirloomExchange } from './urql.js'

let server: LogServer
beforeEach(async () => {
  server = await startLogServer()
})
afterEach(() => server.close())

interface Follower {
  readonly ids: string[]
  readonly errors: unknown[]
  stop(): void
}
type Follow = (
  document: DocumentNode,
  variables: Record<string, unknown>,
  options: BridgeOptions,
) => Follower
interface Data {
  readonly timeline: { readonly id: string }
}

const heirloom = () =>
  createHeirloomClient({
    url: server.url,
    webSocketImpl: WebSocket,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
  })

const throughApollo: Follow = (query, variables, options) => {
  const ids: string[] = []
  const errors: unknown[] = []
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([createHeirloomLink(heirloom(), options)]),
  })
  const subscription = client.subscribe<Data>({ query, variables }).subscribe({
    next: ({ data, error }) => {
      if (data) ids.push(data.timeline.id)
      if (error) errors.push(error)
    },
    error: (error) => errors.push(error),
  })
  return { ids, errors, stop: () => subscription.unsubscribe() }
}

const throughUrql: Follow = (query, variables, options) => {
  const ids: string[] = []
  const errors: unknown[] = []
  const client = new Client({
    url: server.url,
    exchanges: [createHeirloomExchange(heirloom(), options), fetchExchange],
  })
  const subscription = client.subscription<Data>(query, variables).subscribe(({ data, error }) => {
    if (error) errors.push(error.networkError ?? error)
    else if (data) ids.push(data.timeline.id)
  })
  return { ids, errors, stop: () => subscription.unsubscribe() }
}

const document = parse(
  `subscription Follow($id: ID!, $after: String) {
    timeline(legacyId: $id, after: $after) { cursor id }
  }`,
)

describe.each<[string, Follow]>([
  ['the link for Apollo Client', throughApollo],
  ['the exchange for urql', throughUrql],
])('%s', (_name, follow) => {
  it('hands out every event once and in order, however often the connection is cut', async () => {
    let started = false
    const cursors: string[] = []
    const run = follow(
      document,
      { id: 'L' },
      { onStart: () => (started = true), onCursor: (cursor) => void cursors.push(cursor) },
    )
    await expect.poll(() => started).toBe(true)
    for (let round = 1; round <= 5; round += 1) {
      server.append(3)
      await expect.poll(() => run.ids.length).toBeGreaterThanOrEqual(round * 3 - 1)
      server.cut(round % 2 === 0 ? 1001 : undefined)
    }
    await expect.poll(() => run.ids.length).toBe(15)
    run.stop()
    expect(run.ids).toEqual(Array.from({ length: 15 }, (_, index) => String(index + 1)))
    expect(cursors).toEqual(run.ids.map((id) => cursorOf(Number(id))))
    expect(run.errors).toEqual([])
  })

  it('goes on from a cursor that was stored, given as a variable or as an option', async () => {
    server.append(5)
    const byVariable = follow(document, { id: 'L', after: cursorOf(3) }, {})
    const byOption = follow(document, { id: 'L' }, { after: () => cursorOf(4) })
    await expect.poll(() => byVariable.ids).toEqual(['4', '5'])
    await expect.poll(() => byOption.ids).toEqual(['5'])
    byVariable.stop()
    byOption.stop()
  })

  it('ends with the error that the API names', async () => {
    server.refuse = new GraphQLError('gone', {
      extensions: { code: 'CURSOR_EXPIRED', retryable: false },
    })
    const run = follow(document, { id: 'L', after: cursorOf(0) }, {})
    await expect.poll(() => run.errors).toMatchObject([{ code: 'CURSOR_EXPIRED' }])
  })

  it('says what a document lacks that cannot be resumed', async () => {
    const run = follow(parse('subscription { timeline(legacyId: "L") { id } }'), {}, {})
    await expect.poll(() => run.errors).toMatchObject([{ code: 'MISUSE' }])
  })

  it('leaves the server when it is unsubscribed', async () => {
    const run = follow(document, { id: 'L', after: cursorOf(0) }, {})
    server.append(1)
    await expect.poll(() => run.ids).toEqual(['1'])
    run.stop()
    await expect.poll(() => server.open).toBe(0)
  })
})

it('leaves queries to the next link', async () => {
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.from([
      createHeirloomLink(heirloom()),
      new ApolloLink(
        ({ operationType }) =>
          new Observable((observer) => {
            observer.next({ data: { answeredBy: `the next link, a ${operationType}` } })
            observer.complete()
          }),
      ),
    ]),
  })
  const { data } = await client.query({ query: parse('query { answeredBy }') })
  expect(data).toEqual({ answeredBy: 'the next link, a query' })
})
