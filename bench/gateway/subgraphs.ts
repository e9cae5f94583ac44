import type { AddressInfo, Server } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices } from '@apollo/composition'
import { graphql, parse, type GraphQLSchema } from 'graphql'
import { createMemoServer } from './memo-server.js'

// Four small subgraphs that remember every answer, so that what is measured is the gateway.

const header = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable"])`

const sdl = {
  accounts: `${header}
    type Query { user(id: ID!): User users(first: Int! = 10, after: Int! = 0): [User!]! }
    type User @key(fields: "id") { id: ID! name: String! username: String! }`,
  products: `${header}
    type Query { topProducts(first: Int! = 5, after: Int! = 0): [Product!]! }
    type Product @key(fields: "upc") { upc: ID! name: String! price: Int! weight: Int! }`,
  reviews: `${header}
    type Review @key(fields: "id") { id: ID! body: String! stars: Int! author: User! product: Product! }
    type User @key(fields: "id") { id: ID! reviews: [Review!]! }
    type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }`,
  inventory: `${header}
    type Product @key(fields: "upc") { upc: ID! price: Int! @external weight: Int! @external inStock: Boolean! shippingEstimate: Int! @requires(fields: "price weight") }`,
}
/** The same in the words of Federation 1, for gateways that know no other. */
const sdlVersion1 = {
  accounts: extendingQuery(sdl.accounts),
  products: extendingQuery(sdl.products),
  reviews: `
    type Review @key(fields: "id") { id: ID! body: String! stars: Int! author: User! product: Product! }
    extend type User @key(fields: "id") { id: ID! @external reviews: [Review!]! }
    extend type Product @key(fields: "upc") { upc: ID! @external reviews: [Review!]! }`,
  inventory: `
    extend type Product @key(fields: "upc") { upc: ID! @external price: Int! @external weight: Int! @external inStock: Boolean! shippingEstimate: Int! @requires(fields: "price weight") }`,
}
function extendingQuery(text: string): string {
  return text.slice(header.length).replace('type Query', 'extend type Query')
}

type Name = keyof typeof sdl
const names: readonly Name[] = ['accounts', 'products', 'reviews', 'inventory']

const userCount = 120
const productCount = 60
const reviewCount = 360

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
interface Page {
  readonly first: number
  readonly after: number
}
const range = ({ first, after }: Page, of: number) =>
  Array.from({ length: Math.min(first, of - after) }, (_, i) => after + i)

const resolvers = {
  accounts: {
    Query: {
      user: (_: unknown, { id }: { id: string }) => user(Number(id)),
      users: (_: unknown, page: Page) => range(page, userCount).map(user),
    },
    User: { __resolveReference: ({ id }: { id: string }) => user(Number(id)) },
  },
  products: {
    Query: {
      topProducts: (_: unknown, page: Page) => range(page, productCount).map(product),
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
  /** `schema` is the SDL as Federation 1 has it. */
  readonly services: readonly {
    readonly name: string
    readonly url: string
    readonly schema: string
  }[]
  close(): void
}

export async function startSubgraphs(): Promise<Subgraphs> {
  const servers: Server[] = []
  const services = []
  for (const name of names) {
    const typeDefs = parse(sdl[name])
    const schema = buildSubgraphSchema({ typeDefs, resolvers: resolvers[name] })
    const server = createMemoServer((body) => answered(schema, body))
    const url = `http://127.0.0.1:${await listening(server)}/graphql`
    servers.push(server)
    services.push({ name, url, typeDefs, schema: sdlVersion1[name] })
  }
  const { supergraphSdl, errors } = composeServices(services)
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return {
    supergraphSdl,
    services,
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function answered(schema: GraphQLSchema, body: string): Promise<string> {
  const { query, variables } = JSON.parse(body) as { query: string; variables?: object }
  const result = await graphql({ schema, source: query, variableValues: { ...variables } })
  return JSON.stringify(result)
}
