import { feature, type Feature } from '../feature.js'

type Row = Readonly<Record<string, unknown>>

export const sharing: readonly Feature[] = [
  feature(
    '@shareable and @provides',
    {
      lists: {
        sdl: `type Query { list: [Item!]! provided: [Item!]! @provides(fields: "name tag { text }") }
          type Item @key(fields: "id") { id: ID! name: String @external tag: Tag @external price: Money }
          type Tag @key(fields: "id") { id: ID! text: String @external }
          type Money @shareable { amount: Int currency: String }`,
        resolvers: {
          Query: {
            list: () => [{ id: 'i1', price: { amount: 1, currency: 'EUR' } }],
            provided: () => [
              { id: 'i1', name: 'from lists', tag: { id: 't1', text: 'from lists' } },
            ],
          },
        },
      },
      items: {
        sdl: `type Query { offer: Money }
          type Item @key(fields: "id") { id: ID! name: String @shareable tag: Tag @shareable }
          type Tag @key(fields: "id") { id: ID! text: String @shareable }
          type Money @shareable { amount: Int currency: String }`,
        resolvers: {
          Query: { offer: () => ({ amount: 2, currency: 'USD' }) },
          Item: {
            __resolveReference: ({ id }: Row) => ({
              id,
              name: 'from items',
              tag: { id: 't1', text: 'from items' },
            }),
          },
        },
      },
    },
    {
      title: 'what is provided needs no other subgraph',
      query: '{ provided { name tag { text } } }',
      data: { provided: [{ name: 'from lists', tag: { text: 'from lists' } }] },
      asked: ['lists'],
    },
    {
      title: 'what is not provided on this path comes from its owner',
      query: '{ list { name tag { text } price { amount } } }',
      data: { list: [{ name: 'from items', tag: { text: 'from items' }, price: { amount: 1 } }] },
      asked: ['lists', 'items'],
    },
    {
      title: 'a shared value type is that of whoever answers',
      query: '{ offer { amount currency } list { price { currency } } }',
      data: { offer: { amount: 2, currency: 'USD' }, list: [{ price: { currency: 'EUR' } }] },
    },
  ),
  feature(
    '@override, whole and by share',
    {
      old: {
        sdl: `type Query { post: Post }
          type Post @key(fields: "id") { id: ID! title: String body: String always: String never: String }`,
        resolvers: {
          Query: {
            post: () => ({ id: 'p1', title: 'old', body: 'old', always: 'old', never: 'old' }),
          },
          Post: {
            __resolveReference: ({ id }: Row) => ({ id, body: 'old', always: 'old', never: 'old' }),
          },
        },
      },
      new: {
        sdl: `type Post @key(fields: "id") { id: ID! title: String @override(from: "old")
            always: String @override(from: "old", label: "percent(100)")
            never: String @override(from: "old", label: "percent(0)") }`,
        resolvers: {
          Post: {
            __resolveReference: ({ id }: Row) => ({
              id,
              title: 'new',
              always: 'new',
              never: 'new',
            }),
          },
        },
      },
    },
    {
      title: 'a field that has moved is asked of its new subgraph alone',
      query: '{ post { title body } }',
      data: { post: { title: 'new', body: 'old' } },
    },
    {
      title: 'a share of none and a share of all',
      query: '{ post { always never } }',
      data: { post: { always: 'new', never: 'old' } },
      referenceFault: "it has no means to say that a share's label holds",
    },
  ),
  feature(
    '@inaccessible, and inputs and enums that differ',
    {
      a: {
        sdl: `type Query { shirts(of: Size, filter: Filter): [Shirt!]! next: Size secret: String @inaccessible }
          enum Size { SMALL LARGE } enum Colour { RED BLUE GREEN @inaccessible }
          input Filter { text: String first: Int }
          type Shirt @key(fields: "id") { id: ID! size: Size colour: Colour hidden: Int @inaccessible }`,
        resolvers: {
          Query: {
            shirts: (_: unknown, { of, filter }: { of?: string; filter?: Row }) => [
              {
                id: `${of ?? 'any'} ${JSON.stringify(filter ?? null)}`,
                size: 'LARGE',
                colour: 'RED',
              },
              { id: 's2', size: 'SMALL', colour: 'GREEN' },
            ],
            next: () => 'LARGE',
          },
        },
      },
      b: {
        sdl: `type Query { fits(size: Size!, filter: Filter): String }
          enum Size { SMALL LARGE } enum Colour { RED BLUE GREEN }
          input Filter { text: String after: String }
          type Shirt @key(fields: "id") { id: ID! wash(at: Int = 30): String }`,
        resolvers: {
          Query: {
            fits: (_: unknown, args: Row) => JSON.stringify(args),
          },
          Shirt: {
            __resolveReference: ({ id }: Row) => ({ id }),
            wash: (_: unknown, { at }: { at: number }) => `${at}°`,
          },
        },
      },
    },
    {
      title: 'inputs have what all subgraphs know, and reach them with variables',
      query:
        'query ($s: Size!, $f: Filter, $at: Int = 60) { shirts(of: $s, filter: $f) { id wash(at: $at) } fits(size: $s, filter: { text: "x" }) }',
      variables: { s: 'LARGE', f: { text: 'y' } },
      data: {
        shirts: [
          { id: 'LARGE {"text":"y"}', wash: '60°' },
          { id: 's2', wash: '60°' },
        ],
        fits: '{"size":"LARGE","filter":{"text":"x"}}',
      },
    },
    {
      title: 'a value of an enum that clients must not see is null, with an error',
      query: '{ shirts { colour } }',
      data: { shirts: [{ colour: 'RED' }, { colour: null }] },
      referenceFault: 'it files the error where clients do not look',
    },
    {
      title: 'what is inaccessible is not in the schema',
      query:
        '{ __type(name: "Shirt") { fields { name } } e: __type(name: "Colour") { enumValues { name } } }',
      data: {
        __type: {
          fields: [{ name: 'id' }, { name: 'size' }, { name: 'colour' }, { name: 'wash' }],
        },
        e: { enumValues: [{ name: 'RED' }, { name: 'BLUE' }] },
      },
      asked: [],
    },
  ),
]
