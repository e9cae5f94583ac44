import { feature, type Feature } from '../feature.js'

interface ById {
  readonly id: string
}

const byId = ({ id }: ById): ById => ({ id })

export const keys: readonly Feature[] = [
  feature(
    '@key: several, of which subgraphs know different ones',
    {
      books: {
        sdl: `type Query { book: Book }
          type Book @key(fields: "isbn") @key(fields: "id") { id: ID! isbn: ID! title: String }`,
        resolvers: { Query: { book: () => ({ id: 'b1', isbn: 'i1', title: 'Emma' }) } },
      },
      stock: {
        sdl: 'type Book @key(fields: "isbn") { isbn: ID! left: Int }',
        resolvers: {
          Book: {
            __resolveReference: ({ isbn }: { isbn: string }) => ({ isbn, left: isbn.length }),
          },
        },
      },
      reviews: {
        sdl: 'type Book @key(fields: "id") { id: ID! stars: Int }',
        resolvers: { Book: { __resolveReference: (book: ById) => ({ ...byId(book), stars: 5 }) } },
      },
    },
    {
      title: 'each is asked by the key that it knows',
      query: '{ book { title left stars } }',
      data: { book: { title: 'Emma', left: 2, stars: 5 } },
    },
    {
      title: 'keys that were not asked for do not show',
      query: '{ book { stars } }',
      data: { book: { stars: 5 } },
    },
  ),
  feature(
    '@key: one that leads to another',
    {
      a: {
        sdl: `type Query { user: User } type User @key(fields: "id") { id: ID! }`,
        resolvers: { Query: { user: () => ({ id: 'u1' }) } },
      },
      b: {
        sdl: 'type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! }',
        resolvers: {
          User: { __resolveReference: ({ id }: ById) => ({ id, email: `${id}@b` }) },
        },
      },
      c: {
        sdl: 'type User @key(fields: "email") { email: String! nick: String }',
        resolvers: {
          User: {
            __resolveReference: ({ email }: { email: string }) => ({
              email,
              nick: `nick of ${email}`,
            }),
          },
        },
      },
    },
    {
      title: 'is followed over a subgraph from which nothing else is needed',
      query: '{ user { nick } }',
      data: { user: { nick: 'nick of u1@b' } },
      asked: ['a', 'b', 'c'],
    },
  ),
  feature(
    '@key: compound and nested',
    {
      shelves: {
        sdl: `type Query { places: [Place!]! }
          type Place @key(fields: "shelf { room { no } row } slot") { shelf: Shelf! slot: Int! }
          type Shelf { room: Room! row: Int! } type Room { no: Int! }`,
        resolvers: {
          Query: {
            places: () => [1, 2].map((slot) => ({ shelf: { room: { no: 7 }, row: 3 }, slot })),
          },
        },
      },
      labels: {
        sdl: `type Place @key(fields: "shelf { room { no } row } slot") { shelf: Shelf! slot: Int! label: String }
          type Shelf { room: Room! row: Int! } type Room { no: Int! }`,
        resolvers: {
          Place: {
            __resolveReference: (place: {
              shelf: { room: { no: number }; row: number }
              slot: number
            }) => ({
              ...place,
              label: `${place.shelf.room.no}/${place.shelf.row}/${place.slot}`,
            }),
          },
        },
      },
    },
    {
      title: 'is sent whole',
      query: '{ places { label } }',
      data: { places: [{ label: '7/3/1' }, { label: '7/3/2' }] },
    },
    {
      title: 'lies beside a part of it that the client asked for under another name',
      query: '{ places { shelf { row: room { no } } label } }',
      data: {
        places: [
          { shelf: { row: { no: 7 } }, label: '7/3/1' },
          { shelf: { row: { no: 7 } }, label: '7/3/2' },
        ],
      },
      referenceFault: 'its planner sends the field of that alias as part of the key',
    },
  ),
  feature(
    '@key: not resolvable in a subgraph that only refers',
    {
      orders: {
        sdl: `type Query { buyer: User! ghost: User }
          type User @key(fields: "id", resolvable: false) { id: ID! }`,
        resolvers: { Query: { buyer: () => ({ id: 'u1' }), ghost: () => ({ id: 'gone' }) } },
      },
      users: {
        sdl: 'type User @key(fields: "id") { id: ID! name: String }',
        resolvers: {
          User: {
            __resolveReference: ({ id }: ById) => (id === 'gone' ? null : { id, name: 'Jane' }),
          },
        },
      },
    },
    {
      title: 'what it refers to is found elsewhere',
      query: '{ buyer { id name } }',
      data: { buyer: { id: 'u1', name: 'Jane' } },
      asked: ['orders', 'users'],
    },
    {
      title: 'its key alone needs nobody else',
      query: '{ buyer { __typename id } }',
      data: { buyer: { __typename: 'User', id: 'u1' } },
      asked: ['orders'],
    },
    {
      title: 'what it refers to is gone',
      query: '{ ghost { id name } }',
      data: { ghost: { id: 'gone', name: null } },
    },
  ),
  feature(
    '@key: several of which one is resolvable, and none of those at hand',
    {
      a: {
        sdl: `type A @key(fields: "id") @key(fields: "pair { one two }", resolvable: false)
            @key(fields: "id pair { two three }", resolvable: false) { id: ID! pair: Pair! name: String! }
          type Pair { one: ID! two: ID! three: ID! }`,
        resolvers: {
          A: { __resolveReference: ({ id }: ById) => ({ id, name: `a ${id}` }) },
        },
      },
      b: {
        sdl: `type Query { a: A }
          type A @key(fields: "pair { one two }", resolvable: false) @key(fields: "id pair { two three }")
            @key(fields: "id", resolvable: false) { id: ID! pair: Pair! name: String! @external greeting: String @requires(fields: "name") }
          type Pair { one: ID! two: ID! three: ID! }`,
        resolvers: {
          Query: { a: () => ({ id: '1', pair: { one: '1', two: '2', three: '3' } }) },
          A: {
            __resolveReference: (a: { id: string; pair: object; name: string }) => a,
            greeting: (a: { id: string; name: string; pair: { two: string; three: string } }) =>
              `${a.name} ${a.id} ${a.pair.two} ${a.pair.three}`,
          },
        },
      },
    },
    {
      title: 'the key that is needed is fetched',
      query: '{ a { greeting } }',
      data: { a: { greeting: 'a 1 1 2 3' } },
      referenceFault: 'its planner asks by a key that is not resolvable, and answers null',
    },
  ),
]
