import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GraphQLError } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'

/**
 * A small Heirloom for tests of the command: an identity provider that gives tokens to one
 * client, and the part of the API that the command uses, over a store in memory.
 */
export interface ApiServer {
  readonly url: string
  readonly cliFile: Readonly<Record<string, unknown>>
  readonly batches: { readonly people: number; readonly relationships: number }[]
  readonly people: ReadonlyMap<string, string>
  readonly relationships: ReadonlySet<string>
  readonly legacies: { id: string; slug: string; title: string }[]
  /** Errors that the next mutations answer with, one each. */
  readonly failures: GraphQLError[]
  readonly tokenRequests: URLSearchParams[]
  append(title: string): void
  cut(): void
  close(): Promise<void>
}

export const apiError = (code: string, retryable = false): GraphQLError =>
  new GraphQLError(`refused by ${code}`, { extensions: { code, retryable } })

export const legacyId = '01JD0HAW0RTH0CHAR10TTE0001'
export const goodToken = 'good-token'
const basic = `Basic ${Buffer.from('cli:s%3Acret').toString('base64')}`

const typeDefs = `
  enum Sex { FEMALE MALE OTHER UNKNOWN }
  enum RelationshipKind { PARENT PARTNER }
  type Legacy { id: ID!, slug: String!, title: String! }
  input ImportPersonInput {
    externalId: String!, name: String!, givenName: String, surname: String, title: String, sex: Sex
    birthDate: String, birthYear: Int, birthPlace: String
    deathDate: String, deathYear: Int, deathPlace: String
  }
  input ImportRelationshipInput { kind: RelationshipKind!, fromExternalId: String!, toExternalId: String! }
  input ImportTreeInput {
    legacyId: ID!, source: String!
    people: [ImportPersonInput!]!, relationships: [ImportRelationshipInput!]!
  }
  type ImportTreePayload {
    peopleCreated: Int!, peopleUpdated: Int!, peopleUnchanged: Int!
    relationshipsCreated: Int!, relationshipsUnchanged: Int!
  }
  input CreateLegacyInput { title: String!, slug: String, idempotencyKey: String }
  type CreateLegacyPayload { legacy: Legacy! }
  type Event { cursor: String!, id: ID!, type: String!, occurredAt: String!, data: Event_data! }
  scalar Event_data
  type Query { legacy(id: ID, slug: String): Legacy, timelineEnd(legacyId: ID!): String!, broken: String }
  type Mutation {
    createLegacy(input: CreateLegacyInput!): CreateLegacyPayload!
    importTree(input: ImportTreeInput!): ImportTreePayload!
  }
  type Subscription { timeline(legacyId: ID!, after: String): Event! }
`

interface ImportInput {
  readonly source: string
  readonly people: readonly { readonly externalId: string }[]
  readonly relationships: readonly {
    readonly kind: string
    readonly fromExternalId: string
    readonly toExternalId: string
  }[]
}

export async function startApiServer(): Promise<ApiServer> {
  const people = new Map<string, string>()
  const relationships = new Set<string>()
  const legacies: ApiServer['legacies'] = []
  const batches: { people: number; relationships: number }[] = []
  const failures: GraphQLError[] = []
  const tokenRequests: URLSearchParams[] = []
  const titles: string[] = []
  let wake = (): void => undefined

  function importTree(input: ImportInput) {
    batches.push({ people: input.people.length, relationships: input.relationships.length })
    let peopleCreated = 0
    let peopleUpdated = 0
    for (const person of input.people) {
      const key = `${input.source}/${person.externalId}`
      const before = people.get(key)
      if (before === undefined) peopleCreated += 1
      else if (before !== JSON.stringify(person)) peopleUpdated += 1
      people.set(key, JSON.stringify(person))
    }
    const before = relationships.size
    for (const { kind, fromExternalId, toExternalId } of input.relationships) {
      for (const end of [fromExternalId, toExternalId]) {
        if (!people.has(`${input.source}/${end}`)) throw apiError('INVALID_INPUT')
      }
      relationships.add(`${kind} ${fromExternalId} ${toExternalId}`)
    }
    const relationshipsCreated = relationships.size - before
    return {
      peopleCreated,
      peopleUpdated,
      peopleUnchanged: input.people.length - peopleCreated - peopleUpdated,
      relationshipsCreated,
      relationshipsUnchanged: input.relationships.length - relationshipsCreated,
    }
  }

  async function* timeline(after: string | undefined) {
    for (let at = after === undefined ? titles.length : Number(after); ; at += 1) {
      while (at >= titles.length) await new Promise<void>((resolve) => (wake = resolve))
      yield {
        timeline: {
          cursor: String(at + 1),
          id: `event-${at + 1}`,
          type: 'StoryPublished',
          occurredAt: '1847-10-19T00:00:00.000Z',
          data: { title: titles[at] },
        },
      }
    }
  }
  const failNext = (): void => {
    const failure = failures.shift()
    if (failure !== undefined) throw failure
  }

  const schema = createSchema({
    typeDefs,
    resolvers: {
      Query: {
        legacy: (_source, { id, slug }: { id?: string; slug?: string }) =>
          legacies.find((legacy) => legacy.id === id || legacy.slug === slug) ?? null,
        timelineEnd: () => String(titles.length),
        broken: () => {
          throw apiError('BACKEND_UNAVAILABLE')
        },
      },
      Mutation: {
        createLegacy: (_source, { input }: { input: { slug: string; title: string } }) => {
          failNext()
          const legacy = { id: legacyId, slug: input.slug, title: input.title }
          legacies.push(legacy)
          return { legacy }
        },
        importTree: (_source, { input }: { input: ImportInput }) => {
          failNext()
          return importTree(input)
        },
      },
      Subscription: {
        timeline: { subscribe: (_source, { after }: { after?: string }) => timeline(after) },
      },
    },
  })

  const yoga = createYoga({ schema, logging: false, maskedErrors: false })
  const http = createServer((request, response) => {
    if (request.url === '/token') void giveToken(request, response)
    else if (request.headers.authorization === `Bearer ${goodToken}`) void yoga(request, response)
    else reply(response, 401, { error: { code: 'UNAUTHENTICATED', message: 'who asks?' } })
  })
  async function giveToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    tokenRequests.push(new URLSearchParams(Buffer.concat(chunks).toString()))
    if (request.headers.authorization === basic) {
      reply(response, 200, { access_token: goodToken, expires_in: 3600, token_type: 'Bearer' })
    } else reply(response, 401, { error: 'invalid_client', error_description: 'wrong secret' })
  }

  const sockets = new WebSocketServer({ server: http })
  const isGood = (params: Readonly<Record<string, unknown>> | undefined): boolean =>
    params?.['authorization'] === `Bearer ${goodToken}`
  const transport = useServer(
    { schema, onConnect: ({ connectionParams }) => isGood(connectionParams) },
    sockets,
  )
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`

  return {
    url,
    cliFile: {
      gatewayUrl: url,
      tokenUrl: `${url}/token`,
      audience: 'urn:heirloom:api',
      clients: {
        t_haworth: { clientId: 'cli', clientSecret: 's:cret' },
        t_downe: { clientId: 'cli', clientSecret: 'guess' },
      },
    },
    batches,
    people,
    relationships,
    legacies,
    failures,
    tokenRequests,
    append: (title) => {
      titles.push(title)
      wake()
    },
    cut: () => {
      for (const socket of sockets.clients) socket.terminate()
    },
    close: async () => {
      await transport.dispose()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
