import { composeServices } from '@apollo/composition'
import { Kind, parse } from 'graphql'
import { createSubgraphServer, requestContext, type SubgraphServer } from '@heirloom/subgraph'
import type { Logger } from '@heirloom/telemetry'
import type { VerifyInternalToken } from '@heirloom/tenancy'
import { AppError } from '@heirloom/errors'
import type { ShopData, ShopRecord } from './shop-data.js'

const header = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible"])`

const catalog = `${header}
  type Query {
    products: [Product!]!
    product(id: ID!): Product
    node(id: ID!): Node
    media: [Media!]!
    found: [Found]!
    ofKind(kind: Kind! = BOOK, filter: Filter): [Product!]!
    conflict: String
    crash: String
    required: Product!
    me: User @shareable
  }
  type Mutation { rename(id: ID!, name: String!): Product! }
  interface Node { id: ID! }
  interface Media implements Node @key(fields: "id") { id: ID! title: String! by: User }
  type Book implements Node & Media @key(fields: "id") { id: ID! title: String! by: User pages: Int! }
  type Film implements Node & Media @key(fields: "id") { id: ID! title: String! by: User minutes: Int }
  union Found = Product | Book | Film
  enum Kind { BOOK FILM TOY }
  input Filter { name: String, min: Int = 0, deep: Filter }
  scalar Anything
  type Size @shareable { weight: Int! unit: Unit! }
  enum Unit { KG LB }
  type Brand @key(fields: "id") { id: ID! country: String }
  type Product implements Node @key(fields: "id") @key(fields: "sku brand { id }") {
    id: ID!
    sku: String!
    brand: Brand!
    name: String!
    kind: Kind
    size: Size @shareable
    price(currency: String = "EUR"): Float!
    tags: [[String!]!]
    matrix: [[Product]]!
    related: [Product]
    anything: Anything
    hidden: String @inaccessible
  }
  type User @key(fields: "id") { id: ID! }
`

const reviews = `${header}
  type Query { review(id: ID!): Review topReviews(first: Int = 3): [Review!]! me: User @shareable }
  type Mutation { addReview(product: ID!, body: String!): Review! }
  type Review @key(fields: "id") {
    id: ID!
    body: String!
    stars: Int!
    author: User @provides(fields: "name")
    product: Product!
    about: About!
  }
  union About = Product | Review
  type Product @key(fields: "id") {
    id: ID!
    reviews(min: Int! = 0): [Review!]!
    broken: String
    brokenRequired: String!
    brokenReviews: [Review!]
  }
  type Media @interfaceObject @key(fields: "id") { id: ID! rating: Int mediaReviews: [Review!]! }
  type User @key(fields: "id") { id: ID! name: String @external reviews: [Review!]! }
`

const stock = `${header}
  type Query { warehouses: [Warehouse!]! places: [Place!]! }
  type Warehouse implements Node @key(fields: "id") { id: ID! city: String! }
  interface Node { id: ID! }
  union Place = Warehouse | Product
  enum Unit { KG LB }
  type Size @shareable { weight: Int! unit: Unit! }
  type Brand @key(fields: "id") { id: ID! }
  type Product @key(fields: "sku brand { id }") {
    sku: String!
    brand: Brand!
    size: Size @external
    name: String! @external
    tags: [[String!]!] @external
    price(currency: String = "EUR"): Float! @external
    inStock: Int!
    shipping(express: Boolean! = false): String @requires(fields: "size { weight unit }")
    label: String @requires(fields: "name tags")
    cost: Float @requires(fields: "price(currency: \\"USD\\")")
    warehouses: [[Warehouse]!]!
  }
`

const users = `${header}
  type Query { user(id: ID!): User users: [User!]! me: User @shareable }
  type Mutation { age(id: ID!): User! }
  type User @key(fields: "id") @key(fields: "email") {
    id: ID!
    email: String!
    name: String @shareable
    age: Int
    moody: String
    address: Address
    friends: [User!]!
  }
  type Address { street: String! geo: Geo! }
  type Geo { lat: Float! lon: Float! }
`

export const shopSdl = { catalog, reviews, stock, users }
export type ShopSubgraph = keyof typeof shopSdl
export const shopSubgraphs: readonly ShopSubgraph[] = ['catalog', 'reviews', 'stock', 'users']

export function shopSupergraph(): string {
  const services = shopSubgraphs.map((name) => ({
    name,
    url: `http://127.0.0.1:1/${name}`,
    typeDefs: parse(shopSdl[name]),
  }))
  const { supergraphSdl, errors } = composeServices(services)
  if (supergraphSdl === undefined) throw new Error(errors?.map(String).join('\n'))
  return supergraphSdl
}

/** What Query and Mutation answer, whoever serves them. */
export function shopRoots(data: ShopData) {
  const change = (typename: string, id: string, key: string, value: (old: unknown) => unknown) => {
    const record = data.get(typename, id)
    if (record === null) throw new AppError('NOT_FOUND', `there is no ${typename} ${id}`)
    record[key] = value(record[key])
    return record
  }
  return {
    Query: {
      products: () => data.all('Product'),
      product: (_: unknown, { id }: { id: string }) => data.get('Product', id),
      node: (_: unknown, { id }: { id: string }) => {
        const record = data.node(id)
        return record?.__typename === 'Review' ||
          record?.__typename === 'User' ||
          record?.__typename === 'Brand' ||
          record?.__typename === 'Warehouse'
          ? null
          : record
      },
      media: () => data.all('Book', 'Film'),
      found: () => [...data.all('Product', 'Film', 'Book'), null],
      ofKind: (_: unknown, { kind, filter }: { kind: string; filter?: { name?: string } | null }) =>
        data
          .all('Product')
          .filter((p) => p['kind'] === kind && (filter?.name ?? p['name']) === p['name']),
      conflict: () => {
        throw new AppError('CONFLICT', 'somebody was faster')
      },
      crash: () => {
        throw new Error('password=hunter2')
      },
      required: () => data.get('Product', 'p2'),
      me: () => data.get('User', 'u1'),
      review: (_: unknown, { id }: { id: string }) => data.get('Review', id),
      topReviews: (_: unknown, { first }: { first: number }) => data.all('Review').slice(0, first),
      warehouses: () => data.all('Warehouse'),
      places: () => data.all('Warehouse', 'Product'),
      user: (_: unknown, { id }: { id: string }) => data.get('User', id),
      users: () => data.all('User'),
    },
    Mutation: {
      rename: (_: unknown, { id, name }: { id: string; name: string }) =>
        change('Product', id, 'name', () => name),
      addReview: (_: unknown, { product, body }: { product: string; body: string }) => {
        const review = change('Review', 'r1', 'body', () => `${product}: ${body}`)
        return review
      },
      age: (_: unknown, { id }: { id: string }) =>
        change('User', id, 'age', (old) => Number(old) + 1),
    },
  }
}

export interface ShopSubgraphDeps {
  readonly data: ShopData
  readonly verify: VerifyInternalToken
  readonly logger: Logger
}

export function createShopSubgraph(name: ShopSubgraph, deps: ShopSubgraphDeps): SubgraphServer {
  const { data } = deps
  const roots = shopRoots(data)
  const defined = (root: 'Query' | 'Mutation') =>
    Object.fromEntries(
      Object.entries(roots[root]).filter(([field]) => fieldsOf(name, root).has(field)),
    )
  const entity = (typename: string) => ({
    __resolveReference: (reference: ShopRecord) => resolved(data, typename, reference),
  })
  const mutation = defined('Mutation')
  return createSubgraphServer({
    name,
    typeDefs: shopSdl[name],
    resolvers: {
      Query: defined('Query'),
      ...(Object.keys(mutation).length === 0 ? {} : { Mutation: mutation }),
      ...Object.fromEntries(entityTypes[name].map((typename) => [typename, entity(typename)])),
    },
    verify: deps.verify,
    context: (request) => requestContext(request.tenant, request.authorization),
    logger: deps.logger,
  })
}

const entityTypes: Record<ShopSubgraph, readonly string[]> = {
  catalog: ['Product', 'Book', 'Film', 'Media', 'Brand', 'User'],
  reviews: ['Product', 'Review', 'Media', 'User'],
  stock: ['Product', 'Warehouse', 'Brand'],
  users: ['User'],
}

function fieldsOf(name: ShopSubgraph, root: string): ReadonlySet<string> {
  const definition = parse(shopSdl[name]).definitions.find(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === root,
  )
  const fields = definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? (definition.fields ?? []) : []
  return new Set(fields.map((field) => field.name.value))
}

/** The record behind a reference, seen through what the gateway sent along with it. */
function resolved(data: ShopData, typename: string, reference: ShopRecord): object | null {
  const { __typename: _sent, brand: _brand, ...sent } = reference
  const record =
    typename === 'Media'
      ? (data.get('Book', reference.id) ?? data.get('Film', reference.id))
      : typename === 'Product' && typeof reference['sku'] === 'string'
        ? data.all('Product').find(({ sku }) => sku === reference['sku'])
        : typename === 'User' && typeof reference['email'] === 'string'
          ? data.all('User').find(({ email }) => email === reference['email'])
          : data.get(typename, reference.id)
  if (record === null || record === undefined) return null
  return { ...record, ...sent, __typename: typename }
}
