import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices } from '@apollo/composition'
import { graphql, parse, type GraphQLSchema } from 'graphql'

// Four small subgraphs that remember every answer, so that what is measured is the gateway.

const header = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable"])`

const sdl = {
  accounts: `${header}
    type Query { user(id: ID!): User users(first: Int! = 10): [User!]! }
    type User @key(fields: "id") { id: ID! name: String! username: String! }`,
  products: `${header}
    type Query { topProducts(first: Int! = 5): [Product!]! }
    type Product @key(fields: "upc") { upc: ID! name: String! price: Int! weight: Int! }`,
  reviews: `${header}
    type Review @key(fields: "id") { id: ID! body: String! stars: Int! author: User! product: Product! }
    type User @key(fields: "id") { id: ID! reviews: [Review!]! }
    type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }`,
  inventory: `${header}
    type Product @key(fields: "upc") { upc: ID! price: Int! @external weight: Int! @external inStock: Boolean! shippingEstimate: Int! @requires(fields: "price weight") }`,
}
type Name = keyof typeof sdl
const names: readonly Name[] = ['accounts', 'products', 'reviews', 'inventory']

const userCount = 40
const productCount = 20
const reviewCount = 120

const user = (id: number) => ({
  id: `${id}`,
  name: `User number ${id}`,
  username: `user_${id}`,
  reviews: (): readonly object[] => reviews.filter(({ authorId }) => authorId === id),
})
const product = (id: number) => ({
  upc: `${id}`,
  name: `Product "${id}"`,
  price: id * 7,
  weight: id * 13,
  inStock: id % 3 > 0,
  reviews: (): readonly object[] => reviews.filter(({ productId }) => productId === id),
})
const reviews = Array.from({ length: reviewCount }, (_, index) => ({
  id: `${index}`,
  body: `What somebody wrote about it, the ${index}th time; rather a long text, as such texts are.`,
  stars: index % 5,
  authorId: index % userCount,
  productId: (index * 7) % productCount,
  author: () => user(index % userCount),
  product: () => product((index * 7) % productCount),
}))
const range = (first: number, of: number) =>
  Array.from({ length: Math.min(first, of) }, (_, i) => i)

const resolvers = {
  accounts: {
    Query: {
      user: (_: unknown, { id }: { id: string }) => user(Number(id)),
      users: (_: unknown, { first }: { first: number }) => range(first, userCount).map(user),
    },
    User: { __resolveReference: ({ id }: { id: string }) => user(Number(id)) },
  },
  products: {
    Query: {
      topProducts: (_: unknown, { first }: { first: number }) =>
        range(first, productCount).map(product),
    },
    Product: { __resolveReference: ({ upc }: { upc: string }) => product(Number(upc)) },
  },
  reviews: {
    Review: { __resolveReference: ({ id }: { id: string }) => reviews[Number(id)] },
    User: { __resolveReference: ({ id }: { id: string }) => user(Number(id)) },
    Product: { __resolveReference: ({ upc }: { upc: string }) => product(Number(upc)) },
  },
  inventory: {
    Product: {
      __resolveReference: (sent: { upc: string; price: number; weight: number }) => ({
        ...product(Number(sent.upc)),
        shippingEstimate: Math.round(sent.price * 0.1 + sent.weight * 0.2),
      }),
    },
  },
}

export interface Subgraphs {
  readonly supergraphSdl: string
  close(): void
}

export async function startSubgraphs(): Promise<Subgraphs> {
  const servers: Server[] = []
  const services = []
  for (const name of names) {
    const typeDefs = parse(sdl[name])
    const server = remembering(buildSubgraphSchema({ typeDefs, resolvers: resolvers[name] }))
    // A connection that is closed between two uses is no subject of this benchmark.
    server.keepAliveTimeout = 120_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    servers.push(server)
    services.push({ name, url: `http://127.0.0.1:${port}/graphql`, typeDefs })
  }
  const { supergraphSdl, errors } = composeServices(services)
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return {
    supergraphSdl,
    close: () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

function remembering(schema: GraphQLSchema): Server {
  const answers = new Map<string, Buffer>()
  const answer = async (body: string): Promise<Buffer> => {
    const known = answers.get(body)
    if (known !== undefined) return known
    const { query, variables } = JSON.parse(body) as { query: string; variables?: object }
    const result = await graphql({ schema, source: query, variableValues: { ...variables } })
    const bytes = Buffer.from(JSON.stringify(result))
    answers.set(body, bytes)
    return bytes
  }
  return createServer({ keepAlive: true }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void respond(Buffer.concat(chunks).toString(), response)
    })
  })

  async function respond(body: string, response: ServerResponse): Promise<void> {
    const bytes = await answer(body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
    response.end(bytes)
  }
}
