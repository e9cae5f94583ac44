import { feature, type Feature } from '../feature.js'

type Row = Readonly<Record<string, unknown>>
const same = (reference: Row): Row => reference

const prices = {
  sdl: `type Query { product: Product products: [Product!]! }
    type Product @key(fields: "id") {
      id: ID! weight: Int name: String price(currency: String! = "USD"): Int
      size: Size maker: Maker
    }
    type Size { width: Int depth(unit: String! = "cm"): Int }
    interface Maker { id: ID! city: String }
    type Company implements Maker { id: ID! city: String tax: String }
    type Person implements Maker { id: ID! city: String age: Int }`,
  resolvers: {
    Query: {
      product: () => product('p1', 'Company'),
      products: () => [product('p1', 'Company'), product('p2', 'Person')],
    },
    Product: {
      __resolveReference: ({ id }: { id: string }) => product(id, 'Company'),
      price: ({ cents }: { cents: number }, { currency }: { currency: string }) =>
        currency === 'EUR' ? cents * 2 : cents,
    },
    Size: { depth: (_: unknown, { unit }: { unit: string }) => (unit === 'mm' ? 40 : 4) },
    Maker: { __resolveType: ({ kind }: { kind: string }) => kind },
  },
}

function product(id: string, kind: string): Row {
  const maker = { kind, id: `m-${id}`, city: 'Bath', tax: 't1', age: 41 }
  return { id, weight: 3, name: `n ${id}`, cents: 10, size: { width: 2 }, maker }
}

export const requires: readonly Feature[] = [
  feature(
    '@requires: plain, nested, and with arguments',
    {
      prices,
      shipping: {
        sdl: `type Product @key(fields: "id") {
            id: ID! weight: Int @external size: Size @external price(currency: String! = "USD"): Int @external
            byWeight: Int @requires(fields: "weight")
            bySize: Int @requires(fields: "size { width depth(unit: \\"mm\\") }")
            byPrice: Int @requires(fields: "price(currency: \\"EUR\\")")
            everything: String @requires(fields: "weight price(currency: \\"EUR\\") size { width }")
          }
          type Size @external { width: Int depth(unit: String! = "cm"): Int }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            byWeight: ({ weight }: { weight: number }) => weight * 100,
            bySize: ({ size }: { size: { width: number; depth: number } }) =>
              size.width * size.depth,
            byPrice: ({ price }: { price: number }) => price + 1,
            everything: ({ weight, price, size }: { weight: number; price: number; size: Row }) =>
              JSON.stringify([weight, price, size['width']]),
          },
        },
      },
    },
    {
      title: 'what is required is fetched, and does not show',
      query: '{ product { byWeight bySize byPrice everything } }',
      data: { product: { byWeight: 300, bySize: 80, byPrice: 21, everything: '[3,20,2]' } },
      asked: ['prices', 'shipping'],
    },
    {
      title: 'the client asks for the required field with other arguments',
      query: '{ product { price(currency: "USD") byPrice size { depth } bySize } }',
      data: { product: { price: 10, byPrice: 21, size: { depth: 4 }, bySize: 80 } },
      referenceFault: "its planner hands on the client's own argument",
    },
    {
      title: 'the client asks for the required field with a variable',
      query: 'query ($c: String!) { product { price(currency: $c) byPrice } }',
      variables: { c: 'USD' },
      data: { product: { price: 10, byPrice: 21 } },
      referenceFault: "its planner hands on the client's own argument",
    },
    {
      title: 'the client gives its name to another field',
      query: '{ product { weight: name price: weight byWeight byPrice } }',
      data: { product: { weight: 'n p1', price: 3, byWeight: 300, byPrice: 21 } },
      referenceFault: 'its planner hands on the field of that alias',
    },
  ),
  feature(
    '@requires: one field with two arguments',
    {
      prices,
      taxes: {
        sdl: `type Product @key(fields: "id") { id: ID! price(currency: String! = "USD"): Int @external
            dollars: String @requires(fields: "price(currency: \\"USD\\")")
            euros: String @requires(fields: "price(currency: \\"EUR\\")") }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            dollars: ({ price }: { price: number }) => `$${price}`,
            euros: ({ price }: { price: number }) => `€${price}`,
          },
        },
      },
      duties: {
        sdl: `type Product @key(fields: "id") { id: ID! price(currency: String! = "USD"): Int @external
            duty: String @requires(fields: "price(currency: \\"EUR\\")") }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            duty: ({ price }: { price: number }) => `duty ${price}`,
          },
        },
      },
    },
    {
      title: 'each gets its own',
      query: '{ product { dollars euros } }',
      data: { product: { dollars: '$10', euros: '€20' } },
      referenceFault: 'its planner fetches one of the two and hands it to both',
    },
    {
      title: 'each gets its own, of different subgraphs, beside that of the client',
      query: '{ products { dollars duty price(currency: "EUR") } }',
      data: {
        products: [
          { dollars: '$10', duty: 'duty 20', price: 20 },
          { dollars: '$10', duty: 'duty 20', price: 20 },
        ],
      },
      referenceFault: 'its planner fetches one of the two and hands it to both',
    },
    {
      title: 'one alone',
      query: '{ product { euros } }',
      data: { product: { euros: '€20' } },
    },
  ),
  feature(
    '@requires: what itself requires something',
    {
      prices,
      shipping: {
        sdl: `type Product @key(fields: "id") { id: ID! weight: Int @external postage: Int @requires(fields: "weight") }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            postage: ({ weight }: { weight: number }) => weight * 10,
          },
        },
      },
      totals: {
        sdl: `type Product @key(fields: "id") { id: ID! postage: Int @external price(currency: String! = "USD"): Int @external
            total: Int @requires(fields: "postage price") }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            total: ({ postage, price }: { postage: number; price: number }) => postage + price,
          },
        },
      },
    },
    {
      title: 'is asked for in order',
      query: '{ products { total } }',
      data: { products: [{ total: 40 }, { total: 40 }] },
      asked: ['prices', 'shipping', 'totals'],
    },
  ),
  feature(
    '@requires: fields of an interface, with fragments',
    {
      prices,
      labels: {
        sdl: `type Product @key(fields: "id") { id: ID! maker: Maker @external
            label: String @requires(fields: "maker { city ... on Company { tax } ... on Person { age } }") }
          interface Maker { id: ID! city: String }
          type Company implements Maker @external { id: ID! city: String tax: String }
          type Person implements Maker @external { id: ID! city: String age: Int }`,
        resolvers: {
          Product: {
            __resolveReference: same,
            label: ({ maker }: { maker: Row }) =>
              `${String(maker['city'])} ${String(maker['tax'] ?? maker['age'])}`,
          },
          Maker: { __resolveType: ({ __typename: name }: { __typename: string }) => name },
        },
      },
    },
    {
      title: 'each type is sent what is its own',
      query: '{ products { label maker { id } } }',
      data: {
        products: [
          { label: 'Bath t1', maker: { id: 'm-p1' } },
          { label: 'Bath 41', maker: { id: 'm-p2' } },
        ],
      },
    },
  ),
  feature(
    '@requires: what is null, or cannot be had',
    {
      a: {
        sdl: `type Query { things: [Thing] } type Thing @key(fields: "id") { id: ID! size: Int broken: Int }`,
        resolvers: {
          Query: { things: () => [{ id: '1', size: null }, null, { id: '2', size: 2 }] },
          Thing: {
            broken: () => {
              throw new Error('no scales')
            },
          },
        },
      },
      b: {
        sdl: `type Thing @key(fields: "id") { id: ID! size: Int @external broken: Int @external
            told: String @requires(fields: "size") despite: String @requires(fields: "broken") }`,
        resolvers: {
          Thing: {
            __resolveReference: same,
            told: ({ size }: { size: number | null }) => `size ${String(size)}`,
            despite: ({ broken }: { broken: number | null }) => `broken ${String(broken)}`,
          },
        },
      },
    },
    {
      title: 'null is sent as null, and nobody is asked for what is not there',
      query: '{ things { told } }',
      data: { things: [{ told: 'size null' }, null, { told: 'size 2' }] },
    },
    {
      title: 'an error is told where the required field is, and null is sent',
      query: '{ things { id despite } }',
      data: {
        things: [{ id: '1', despite: 'broken null' }, null, { id: '2', despite: 'broken null' }],
      },
      errors: ['no scales at things.0.broken', 'no scales at things.2.broken'],
    },
  ),
]
