import { feature, type Feature } from '../feature.js'

type Row = Readonly<Record<string, unknown>>

const kinded = { __resolveType: ({ kind }: { kind: string }) => kind }
const book = { kind: 'Book', id: 'b1', title: 'Emma', pages: 300 }
const film = { kind: 'Film', id: 'f1', title: 'Clueless', minutes: 97 }
const all = new Map<string, Row>([
  ['b1', book],
  ['f1', film],
])

export const abstractTypes: readonly Feature[] = [
  feature(
    'unions and interfaces split over subgraphs',
    {
      catalogue: {
        sdl: `type Query { found: [Found!]! media: [Media!]! one: Media }
          union Found = Book | Film
          interface Media { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
        resolvers: {
          Query: { found: () => [book, film], media: () => [film, book], one: () => book },
          Found: kinded,
          Media: kinded,
          Book: { __resolveReference: ({ id }: Row) => all.get(String(id)) },
          Film: { __resolveReference: ({ id }: Row) => all.get(String(id)) },
        },
      },
      ratings: {
        sdl: `type Query { rated: [Rated!]! }
          union Rated = Book | Game
          interface Media { id: ID! stars: Int }
          type Book implements Media @key(fields: "id") { id: ID! stars: Int }
          type Film implements Media @key(fields: "id") { id: ID! stars: Int }
          type Game { name: String }`,
        resolvers: {
          Query: {
            rated: () => [
              { kind: 'Game', name: 'Go' },
              { ...book, stars: 5 },
            ],
          },
          Rated: kinded,
          Media: kinded,
          Book: { __resolveReference: ({ id }: Row) => ({ id, stars: 5 }) },
          Film: { __resolveReference: ({ id }: Row) => ({ id, stars: 3 }) },
        },
      },
    },
    {
      title: 'each member gets its fields from wherever they are',
      query: '{ found { __typename ... on Book { pages stars } ... on Film { minutes stars } } }',
      data: {
        found: [
          { __typename: 'Book', pages: 300, stars: 5 },
          { __typename: 'Film', minutes: 97, stars: 3 },
        ],
      },
    },
    {
      title: 'a field of the interface comes from the subgraph that has it',
      query: '{ media { title stars ... on Film { minutes } } }',
      data: {
        media: [
          { title: 'Clueless', stars: 3, minutes: 97 },
          { title: 'Emma', stars: 5 },
        ],
      },
    },
    {
      title: 'an interface as a condition on members of a union',
      query: '{ found { ... on Media { title } } rated { ... on Media { title stars } } }',
      data: {
        found: [{ title: 'Emma' }, { title: 'Clueless' }],
        rated: [{}, { title: 'Emma', stars: 5 }],
      },
    },
    {
      title: 'a condition that nothing there can meet',
      query: '{ rated { ... on Media { ... on Film { minutes } } ... on Game { name } } }',
      data: { rated: [{ name: 'Go' }, {}] },
    },
    {
      title: '__typename everywhere, under aliases too',
      query: '{ t: __typename one { kind: __typename ... on Book { __typename of: __typename } } }',
      data: { t: 'Query', one: { kind: 'Book', __typename: 'Book', of: 'Book' } },
    },
    {
      title: 'named fragments inside of one another',
      query: `{ one { ...A } } fragment A on Media { id ...B } fragment B on Media { stars ...C }
        fragment C on Book { pages }`,
      data: { one: { id: 'b1', stars: 5, pages: 300 } },
    },
    {
      title: 'fields of one name and different types under aliases',
      query: '{ found { ... on Book { size: pages } ... on Film { size: minutes } } }',
      data: { found: [{ size: 300 }, { size: 97 }] },
    },
  ),
  feature(
    'an interface that is an entity',
    {
      media: {
        sdl: `type Query { media: [Media!]! }
          interface Media @key(fields: "id") { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
        resolvers: {
          Query: { media: () => [book, film] },
          Media: { ...kinded, __resolveReference: ({ id }: Row) => all.get(String(id)) },
          Book: { __resolveReference: ({ id }: Row) => all.get(String(id)) },
          Film: { __resolveReference: ({ id }: Row) => all.get(String(id)) },
        },
      },
      reviews: {
        sdl: `type Query { top: Media reviewed: [Media!]! }
          type Media @key(fields: "id") @interfaceObject { id: ID! reviews: [String!]! }`,
        resolvers: {
          Query: { top: () => ({ id: 'f1' }), reviewed: () => [{ id: 'b1' }, { id: 'f1' }] },
          Media: {
            __resolveReference: ({ id }: Row) => ({ id }),
            reviews: ({ id }: Row) => [`of ${String(id)}`],
          },
        },
      },
    },
    {
      title: 'is given fields by an interface object, whatever the type',
      query: '{ media { __typename title reviews ... on Book { pages } } }',
      data: {
        media: [
          { __typename: 'Book', title: 'Emma', reviews: ['of b1'], pages: 300 },
          { __typename: 'Film', title: 'Clueless', reviews: ['of f1'] },
        ],
      },
    },
    {
      title: 'is known by its true type where an interface object refers to it',
      query: '{ top { __typename id } reviewed { reviews ... on Film { minutes } } }',
      data: {
        top: { __typename: 'Film', id: 'f1' },
        reviewed: [{ reviews: ['of b1'] }, { reviews: ['of f1'], minutes: 97 }],
      },
    },
    {
      title: 'needs nobody else where its type does not matter',
      query: '{ reviewed { id reviews } }',
      data: {
        reviewed: [
          { id: 'b1', reviews: ['of b1'] },
          { id: 'f1', reviews: ['of f1'] },
        ],
      },
    },
  ),
  feature(
    'an interface object that nothing resolves',
    {
      a: {
        sdl: 'type Query { a: Node } interface Node @key(fields: "id") { id: ID! }',
        resolvers: {
          Query: { a: () => ({ kind: 'Node', id: 'n1' }) },
          Node: kinded,
        },
      },
      b: {
        sdl: 'type Query { b: Node } type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! field: String }',
        resolvers: { Query: { b: () => ({ id: 'n1', field: 'foo' }) } },
      },
    },
    {
      title: 'is refused where it would have to be resolved, and not silently null',
      query: '{ a { id field } }',
      data: null,
      errors: ['this cannot be answered for certain: no fetch of this plan brings a.field'],
      asked: [],
      referenceFault: 'its planner leaves the field out, and answers null without an error',
    },
  ),
]
