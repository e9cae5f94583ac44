import { feature, type Feature } from '../feature.js'

type Row = Readonly<Record<string, unknown>>

function counters(): { log: string[]; next: (who: string) => number } {
  const log: string[] = []
  return {
    log,
    next: (who) => log.push(who),
  }
}
const { log, next } = counters()

function entry(id: string): Row {
  return { id, told: `entry ${id}` }
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message)
  }
}

export const operations: readonly Feature[] = [
  feature(
    'root types split over subgraphs',
    {
      a: {
        sdl: `type Query { a: Int both: Int @shareable }
          type Mutation { addA(by: Int!): Entry! resetA: Boolean }
          type Entry @key(fields: "id") { id: ID! }`,
        resolvers: {
          Query: { a: () => 1, both: () => 3 },
          Mutation: {
            addA: (_: unknown, { by }: { by: number }) => ({ id: `a${next('a') * by}` }),
            resetA: () => {
              log.length = 0
              return true
            },
          },
        },
      },
      b: {
        sdl: `type Query { b: Int both: Int @shareable }
          type Mutation { addB: Entry failB: Int! }
          type Entry @key(fields: "id") { id: ID! told: String }`,
        resolvers: {
          Query: { b: () => 2, both: () => 3 },
          Mutation: { addB: () => entry(`b${next('b')}`), failB: fail('no b') },
          Entry: { __resolveReference: ({ id }: Row) => entry(String(id)) },
        },
      },
    },
    {
      title: 'fields come from their subgraphs, under aliases and twice',
      query: '{ b x: b a both again: a }',
      data: { b: 2, x: 2, a: 1, both: 3, again: 1 },
    },
    {
      title: 'mutations run one after the other, across subgraphs, and are filled',
      query:
        'mutation { resetA one: addA(by: 1) { id told } two: addB { id told } three: addA(by: 1) { id told } }',
      data: {
        resetA: true,
        one: { id: 'a1', told: 'entry a1' },
        two: { id: 'b2', told: 'entry b2' },
        three: { id: 'a3', told: 'entry a3' },
      },
    },
    {
      title: 'a mutation that must not be null and fails takes all with it',
      query: 'mutation { resetA failB after: addA(by: 1) { id } }',
      data: null,
      errors: ['no b at failB'],
    },
    {
      title: 'nothing but __typename needs nobody',
      query: '{ __typename }',
      data: { __typename: 'Query' },
      asked: [],
    },
  ),
  feature(
    '@skip and @include, with variables',
    {
      a: {
        sdl: `type Query { user: User users: [User!]! } type User @key(fields: "id") { id: ID! name: String }`,
        resolvers: {
          Query: {
            user: () => ({ id: '1', name: 'Ann' }),
            users: () => [{ id: '1', name: 'Ann' }],
          },
        },
      },
      b: {
        sdl: 'type User @key(fields: "id") { id: ID! age: Int }',
        resolvers: { User: { __resolveReference: ({ id }: Row) => ({ id, age: 41 }) } },
      },
    },
    {
      title: 'a subgraph of which nothing is wanted is not asked',
      query: 'query ($with: Boolean!) { user { name age @include(if: $with) } }',
      variables: { with: false },
      data: { user: { name: 'Ann' } },
      asked: ['a'],
    },
    {
      title: 'what is wanted is',
      query: 'query ($with: Boolean!) { user { name age @include(if: $with) } }',
      variables: { with: true },
      data: { user: { name: 'Ann', age: 41 } },
      asked: ['a', 'b'],
    },
    {
      title: 'both at once, on fields, fragments and spreads',
      query: `query ($y: Boolean! = true, $n: Boolean! = false) {
        user @skip(if: $n) { ...F @include(if: $y) ... @skip(if: $y) { name } ... on User @include(if: $n) { id } }
        users @include(if: $y) @skip(if: $y) { id } } fragment F on User { age }`,
      data: { user: { age: 41 } },
    },
    {
      title: 'an object of which nothing is left is empty',
      query: 'query ($n: Boolean!) { user { name @include(if: $n) } users { id @skip(if: true) } }',
      variables: { n: false },
      data: { user: {}, users: [{}] },
    },
  ),
  feature(
    'nulls, lists and errors at every level',
    {
      a: {
        sdl: `type Query { grid: [[Cell]] strict: [[Cell!]!] one: Cell! maybe: Cell nothing: Cell list: [Cell] boom: Cell }
          type Cell @key(fields: "id") { id: ID! in: Cell }`,
        resolvers: {
          Query: {
            grid: () => [[{ id: '1' }, null], null, [], [{ id: 'bad' }, { id: '2' }]],
            strict: () => [[{ id: '1' }], [{ id: 'bad' }]],
            one: () => ({ id: 'bad' }),
            maybe: () => ({ id: '1', in: { id: 'bad' } }),
            nothing: () => null,
            list: () => [{ id: '1' }, { id: 'gone' }, { id: '2' }],
            boom: fail('no cell'),
          },
        },
      },
      b: {
        sdl: 'type Cell @key(fields: "id") { id: ID! must: Int! may: Int tags: [[String]] }',
        resolvers: {
          Cell: {
            __resolveReference: ({ id }: Row) => (id === 'gone' ? null : { id }),
            must: ({ id }: Row) => (id === 'bad' ? fail('bad cell')() : Number(id)),
            may: ({ id }: Row) => (id === 'bad' ? fail('bad cell')() : Number(id)),
            tags: () => [['x', null], null, []],
          },
        },
      },
    },
    {
      title: 'lists of lists are filled, and keep their nulls',
      query: '{ grid { id may tags } }',
      data: {
        grid: [
          [{ id: '1', may: 1, tags: [['x', null], null, []] }, null],
          null,
          [],
          [
            { id: 'bad', may: null, tags: [['x', null], null, []] },
            { id: '2', may: 2, tags: [['x', null], null, []] },
          ],
        ],
      },
      errors: ['bad cell at grid.3.0.may'],
    },
    {
      title: 'null goes up as far as it may, and the error says from where',
      query: '{ grid { must } nothing { must } }',
      data: { grid: [[{ must: 1 }, null], null, [], [null, { must: 2 }]], nothing: null },
      errors: ['bad cell at grid.3.0.must'],
    },
    {
      title: 'null goes up through lists that must not hold it',
      query: '{ strict { must } nothing { id } }',
      data: { strict: null, nothing: null },
      errors: ['bad cell at strict.1.0.must'],
    },
    {
      title: 'null goes up to the top',
      query: '{ one { must } maybe { id } }',
      data: null,
      errors: ['bad cell at one.must'],
    },
    {
      title: 'null goes up inside of what is filled twice',
      query: '{ maybe { may in { id must } } }',
      data: { maybe: { may: 1, in: null } },
      errors: ['bad cell at maybe.in.must'],
    },
    {
      title: 'an entity that is gone is null where it may be',
      query: '{ list { id may } }',
      data: {
        list: [
          { id: '1', may: 1 },
          { id: 'gone', may: null },
          { id: '2', may: 2 },
        ],
      },
    },
    {
      title: 'an error of one subgraph leaves the others',
      query: '{ boom { may } list { may } }',
      data: { boom: null, list: [{ may: 1 }, { may: null }, { may: 2 }] },
      errors: ['no cell at boom'],
    },
  ),
]
