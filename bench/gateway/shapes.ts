export interface Shape {
  readonly name: string
  readonly query: string
  /** The variables of the n-th request. */
  readonly variables: (n: number) => object
  /** Requests per second to default Apollo Gateway's; undefined where there is no bar. */
  readonly goal?: number
  /** Whether requests that are under way at the same time differ. */
  readonly isDiffering: boolean
}

const small = 'query ($id: ID!) { user(id: $id) { id name } }'
const hops =
  'query ($first: Int!, $after: Int!) { topProducts(first: $first, after: $after) { name reviews { body author { name username } } } }'
const nested =
  'query ($first: Int!, $after: Int!) { users(first: $first, after: $after) { name reviews { body product { name price inStock shippingEstimate reviews { stars author { name username reviews { product { name } } } } } } } }'
const deep =
  'query ($first: Int!, $after: Int!) { users(first: $first, after: $after) { name reviews { product { name reviews { author { name reviews { product { upc reviews { stars author { username } } } } } } } } } }'

/** How many requests in a row all differ: far more than are under way at once. */
export const variants = 120

const differing = (n: number): object => ({
  first: 3 + (n % 12),
  after: (Math.floor(n / 12) % 10) * 4,
})

export const shapes: readonly Shape[] = [
  {
    name: 'small, differing',
    query: small,
    variables: (n) => ({ id: `${n % variants}` }),
    goal: 8,
    isDiffering: true,
  },
  { name: 'three hops, differing', query: hops, variables: differing, goal: 15, isDiffering: true },
  { name: 'nested, differing', query: nested, variables: differing, goal: 12, isDiffering: true },
  {
    name: 'deep, differing',
    query: deep,
    variables: (n) => ({ first: 6, after: n % 100 }),
    isDiffering: true,
  },
  {
    name: 'nested, identical',
    query: nested,
    variables: () => ({ first: 8, after: 0 }),
    goal: 15,
    isDiffering: false,
  },
  {
    name: 'deep, identical',
    query: deep,
    variables: () => ({ first: 6, after: 0 }),
    goal: 12,
    isDiffering: false,
  },
]
