import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'
import { AppError } from '@heirloom/errors'
import {
  announceStart,
  createSubgraphServer,
  requestContext,
  type RequestContext,
  type SubgraphServer,
} from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import type { EventLog } from './event-log.js'

// Three small subgraphs that have what the real ones have: entities across subgraphs, failures of
// every kind, and a log that is followed from a cursor.

const header = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable"])`

const library = `${header}
  type Query {
    whoami: Whoami!
    book(id: ID!): Book
    books: [Book!]!
    media(id: ID!): Media
    conflict: String
    crash: String
    slow: String
    shelved: Author!
  }
  type Mutation { rename(id: ID!, title: String!): Book! }
  type Whoami { tenant: ID! actor: String! roles: [String!]! requestId: String! traceparent: String ip: String userAgent: String plugin: String }
  interface Media { id: ID! title: String! }
  type Book implements Media @key(fields: "id") { id: ID! title: String! weight: Int! author: Author shelves: [Shelf!]! }
  type Film implements Media @key(fields: "id") { id: ID! title: String! minutes: Int! }
  type Shelf { name: String! keeper: Author! }
  type Author @key(fields: "id", resolvable: false) { id: ID! }
`

const people = `${header}
  type Query { author(id: ID!): Author }
  type Author @key(fields: "id") { id: ID! name: String! friends: [Author!]! grumpy: String }
  type Book @key(fields: "id") { id: ID! weight: Int! @external postage: Int! @requires(fields: "weight") readers(first: Int = 1): [Author!]! }
`

const log = `${header}
  type Query { entries: Int! }
  type Subscription {
    followed(stream: ID!, after: String, announced: Boolean! = false): Entry!
    ticks(count: Int!): Int!
    refused: Entry!
  }
  type Entry { cursor: String! text: String! book: Book by: [Author!]! }
  type Book @key(fields: "id", resolvable: false) { id: ID! }
  type Author @key(fields: "id", resolvable: false) { id: ID! }
`

const sdl = { library, people, log }
export type TestSubgraphName = keyof typeof sdl

export const testAsks: ReadonlyMap<string, readonly string[]> = new Map([['library', ['people']]])

/** `changed` is given each SDL, and returns another one for another supergraph. */
export function testSupergraph(changed: (sdl: string) => string = (text) => text): string {
  const services = Object.entries(sdl).map(([name, text]) => ({
    name,
    url: `http://127.0.0.1:1/${name}`,
    typeDefs: parse(changed(text)),
  }))
  const { supergraphSdl, errors } = composeServices(services)
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return supergraphSdl
}

interface Book {
  id: string
  title: string
  weight: number
  author: { id: string } | null
  shelves: { name: string; keeper: { id: string } }[]
}

function initialBooks(): Map<string, Book> {
  const book = (id: string, title: string, author: string | null, keepers: string[]): Book => ({
    id,
    title,
    weight: title.length,
    author: author === null ? null : { id: author },
    shelves: keepers.map((keeper, index) => ({ name: `${id}${index}`, keeper: { id: keeper } })),
  })
  const all = [
    book('b1', 'Jane Eyre', 'a1', ['a1', 'a2']),
    book('b2', 'Agnes Grey', 'a2', []),
    book('b3', 'Anonymous', null, ['a1']),
    book('b4', 'By somebody gone', 'gone', []),
  ]
  return new Map(all.map((entry) => [entry.id, entry]))
}

const authors = new Map([
  ['a1', { id: 'a1', name: 'Charlotte', friends: [{ id: 'a2' }] }],
  ['a2', { id: 'a2', name: 'Anne', friends: [{ id: 'a1' }, { id: 'a2' }] }],
])

export interface TestSubgraphDeps {
  readonly verifier: (name: string) => VerifyInternalToken
  readonly logger: Logger
  readonly log: EventLog
}

export function createTestSubgraph(name: TestSubgraphName, deps: TestSubgraphDeps): SubgraphServer {
  return createSubgraphServer({
    name,
    typeDefs: sdl[name],
    resolvers: resolvers(deps.log)[name],
    verify: deps.verifier(name),
    context: (request: RequestContext) => requestContext(request.tenant, request.authorization),
    logger: deps.logger,
  })
}

function resolvers(log: EventLog): Record<TestSubgraphName, object> {
  const books = initialBooks()
  return {
    library: {
      Query: {
        whoami: (_: unknown, _args: unknown, { tenant }: RequestContext) => ({
          tenant: tenant.tenantId,
          actor: `${tenant.actor.kind}:${tenant.actor.id}`,
          roles: tenant.roles,
          requestId: tenant.requestId,
          traceparent: tenant.traceparent,
          plugin: tenant.plugin,
          ...tenant.source,
        }),
        book: (_: unknown, { id }: { id: string }) => books.get(id) ?? null,
        books: () => [...books.values()],
        media: (_: unknown, { id }: { id: string }) => {
          const book = books.get(id)
          if (book !== undefined) return { __typename: 'Book', ...book }
          return id === 'f1' ? { __typename: 'Film', id, title: 'Wuthering', minutes: 104 } : null
        },
        conflict: () => {
          throw new AppError('CONFLICT', 'somebody was faster', { details: { winner: 'a2' } })
        },
        crash: () => {
          throw new Error('password=hunter2 leaked from a driver')
        },
        slow: () => new Promise(() => undefined),
        shelved: () => ({ id: 'gone' }),
      },
      Mutation: {
        rename: (_: unknown, { id, title }: { id: string; title: string }) => {
          const book = books.get(id)
          if (book === undefined) throw new AppError('NOT_FOUND', `there is no book "${id}"`)
          book.title = title
          return book
        },
      },
      Book: { __resolveReference: ({ id }: { id: string }) => books.get(id) ?? null },
    },
    people: {
      Query: { author: (_: unknown, { id }: { id: string }) => authors.get(id) ?? null },
      Author: {
        __resolveReference: ({ id }: { id: string }) => authors.get(id) ?? null,
        friends: ({ friends }: { friends: { id: string }[] }) =>
          friends.map(({ id }) => authors.get(id)),
        grumpy: ({ id }: { id: string }) => {
          if (id === 'a2') throw new AppError('FORBIDDEN', 'Anne does not say')
          return 'no'
        },
      },
      Book: {
        __resolveReference: (reference: object) => reference,
        postage: ({ weight }: { weight: number }) => weight * 10,
        readers: (_: unknown, { first }: { first: number }) =>
          [...authors.values()].slice(0, first),
      },
    },
    log: {
      Query: { entries: () => log.length },
      Subscription: {
        followed: {
          subscribe: (
            _: unknown,
            { after, announced }: { after?: string | null; announced: boolean },
            context: RequestContext,
          ) => {
            const { tenantId } = context.tenant
            if (typeof after !== 'string' && announced) announceStart(context, log.end(tenantId))
            return log.follow(tenantId, after ?? undefined)
          },
          resolve: (entry: unknown) => entry,
        },
        ticks: {
          subscribe: async function* (_: unknown, { count }: { count: number }) {
            for (let tick = 1; tick <= count; tick += 1) yield tick
          },
          resolve: (tick: number) => tick,
        },
        refused: {
          subscribe: () => {
            throw new AppError('CURSOR_EXPIRED', 'the stream starts later', {
              details: { starts_at: 'c9' },
            })
          },
        },
      },
    },
  }
}
