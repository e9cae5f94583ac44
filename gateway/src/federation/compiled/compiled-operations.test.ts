import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExecutors, type Executors } from './testing/executors.js'

// The reference is Apollo's own executor over the same subgraphs: whatever it answers, we answer.

type Case = [what: string, query: string, variables?: Record<string, unknown>]

const full: readonly Case[] = [
  ['one subgraph', '{ products { id name } }'],
  ['two hops', '{ products { id name reviews { body author { name email } } } }'],
  [
    'deep nesting',
    '{ users { friends { reviews { product { reviews { author { friends { age name } } } } } } } }',
  ],
  ['a compound and nested key', '{ products { inStock brand { id country } } }'],
  ['a field that requires nested fields', '{ products { shipping(express: true) } }'],
  ['a field that requires lists of lists', '{ products { label } }'],
  ['a required field with an argument', '{ products { cost } }'],
  [
    'a required field that is asked for too',
    '{ products { size { weight } shipping tags label } }',
  ],
  [
    'an object of which two subgraphs have a part each',
    '{ places { ... on Product { label anything brand { id country } } } }',
  ],
  ['what another subgraph provides', '{ topReviews { author { name } } }'],
  ['what it provides and what it does not', '{ topReviews { author { name age email } } }'],
  ['a shareable root', '{ me { id name age reviews { body } } }'],
  ['lists of lists of entities', '{ products { matrix { id inStock reviews { stars } } } }'],
  ['lists of lists in another subgraph', '{ products { warehouses { city __typename } } }'],
  ['nulls in lists', '{ products { related { name inStock } } }'],
  [
    'leaves of every kind',
    '{ products { kind tags anything price } users { age address { geo { lat lon } } } }',
  ],
  ['an entity interface', '{ media { id title rating } }'],
  [
    'an entity interface and its types',
    '{ media { __typename rating ... on Book { pages mediaReviews { body } } ... on Film { minutes title } } }',
  ],
  [
    'fields of an interface object on one type',
    '{ media { ... on Film { rating mediaReviews { author { age } } } } }',
  ],
  [
    'an interface of several subgraphs',
    '{ a: node(id: "p1") { id ... on Product { inStock } } b: node(id: "k1") { __typename id ... on Book { pages rating } } }',
  ],
  [
    'unions that differ between subgraphs',
    '{ found { __typename ... on Product { name inStock } ... on Book { title rating } ... on Node { id } } places { __typename ... on Warehouse { city } ... on Product { name sku } } }',
  ],
  [
    'a union inside of an entity',
    '{ topReviews(first: 6) { about { __typename ... on Product { name inStock } ... on Review { body author { age } } } } }',
  ],
  [
    'type names everywhere',
    '{ __typename products { t: __typename brand { __typename } reviews { __typename author { kind: __typename } } } me { __typename } }',
  ],
  [
    'aliases',
    '{ a: product(id: "p1") { n: name x: price y: price(currency: "USD") r: reviews(min: 3) { b: body } q: reviews { stars } } b: product(id: "p2") { n: sku } }',
  ],
  [
    'aliases that meet',
    '{ found { ... on Product { x: name } ... on Book { x: title } ... on Film { x: title } } }',
  ],
  [
    'fragments',
    '{ products { ...P ...P reviews { ...R } } } fragment P on Product { name ...Q } fragment Q on Node { id ... on Product { inStock } } fragment R on Review { stars author { ...U } } fragment U on User { name friends { ... { age } } }',
  ],
  [
    'fields that merge',
    '{ products { reviews { body } reviews { stars } ... on Product { reviews { author { name } } } ... { reviews { author { age } } } } }',
  ],
  [
    'variables and defaults',
    'query Q($min: Int! = 2, $id: ID!, $no: String) { product(id: $id) { reviews(min: $min) { stars } price(currency: $no) } }',
    { id: 'p1' },
  ],
  [
    'given variables',
    'query Q($min: Int!, $id: ID!) { product(id: $id) { reviews(min: $min) { stars } } }',
    { min: 3, id: 'p2' },
  ],
  [
    'input objects and enums',
    'query Q($f: Filter, $k: Kind! = TOY) { ofKind(kind: $k, filter: $f) { name inStock } }',
    { f: { name: 'Product 3', deep: { min: 1 } } },
  ],
  ['a null variable', 'query Q($f: Filter) { ofKind(filter: $f) { name } }', { f: null }],
  [
    'what is not there',
    '{ product(id: "no") { name inStock } user(id: "no") { reviews { body } } }',
  ],
  ['an empty list', '{ ofKind(kind: BOOK, filter: { name: "none" }) { inStock } }'],
  [
    'introspection',
    '{ __schema { queryType { name } } __type(name: "Product") { fields { name type { ...T } } } products { id } } fragment T on __Type { kind name ofType { name } }',
  ],
  [
    'introspection with variables',
    'query Q($n: String!) { __type(name: $n) { name } }',
    { n: 'User' },
  ],
  ['nothing but its name', '{ __typename }'],
  [
    'mutations in their order',
    'mutation { a: age(id: "u1") { age } r: rename(id: "p3", name: "N") { name inStock label } b: age(id: "u1") { age reviews { body } } rename(id: "p3", name: "Product 3") { name } }',
  ],
  [
    'a mutation of one subgraph and the next',
    'mutation { addReview(product: "p1", body: "x") { body author { age } product { name inStock } } age(id: "u3") { __typename } }',
  ],
]

const conditional =
  'query Q($a: Boolean!, $b: Boolean = true) { products @include(if: $a) { name inStock @skip(if: $b) reviews @include(if: $b) { body author @skip(if: $a) { age } ... on Review @include(if: $a) { author { name } stars @skip(if: $b) } } ...F @skip(if: $a) } me @skip(if: $a) { age @include(if: $b) name } __typename @include(if: false) users @include(if: true) { id @skip(if: false) } } fragment F on Product { sku }'

const failing: readonly Case[] = [
  ['of a root field', '{ conflict products { id } }'],
  ['that nobody foresaw', '{ crash me { name } }'],
  ['of an entity', '{ products { name broken } }'],
  ['that leave no entity', '{ product(id: "p2") { name brokenRequired inStock } }'],
  ['of a list', '{ products { brokenReviews { body } name } }'],
  ['of an entity in lists', '{ users { friends { moody name } } }'],
  [
    'of an entity that many refer to',
    '{ topReviews(first: 6) { author { moody } product { broken } } }',
  ],
  ['in lists of lists', '{ products { matrix { broken name } } }'],
  ['that leave nothing', '{ products { brokenRequired } }'],
  [
    'that leave nothing but other roots',
    '{ node(id: "p2") { ... on Product { brokenRequired } } me { id } }',
  ],
  ['of a mutation', 'mutation { rename(id: "no", name: "x") { name } age(id: "u1") { name } }'],
  [
    'that leave a union null',
    '{ found { ... on Product { brokenRequired } ... on Book { title } } }',
  ],
]

describe.each(['apollo', 'hive'] as const)('with the planner of %s', (planner) => {
  let executors: Executors

  beforeAll(async () => {
    executors = await startExecutors(undefined, planner)
  })

  afterAll(() => executors.close())

  describe('a compiled plan', () => {
    it.each(full)('gives what the reference gives: %s', async (_what, query, variables) => {
      const before = executors.compiled.counts()
      const { errors } = await executors.expectEqual(query, variables)
      expect(errors).toEqual([])
      const after = executors.compiled.counts()
      expect([...after.fallbacks]).toEqual([...before.fallbacks])
      expect(after.compiled).toBe(before.compiled + 1)
    })

    it.each([
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ])('includes and skips what the reference does: %s, %s', async (a, b) => {
      const { errors } = await executors.expectEqual(conditional, { a, b })
      expect(errors).toEqual([])
    })

    it.each(failing)('reports errors where the reference does: %s', async (_what, query) => {
      const { errors } = await executors.expectEqual(query)
      expect(errors.length).toBeGreaterThan(0)
    })

    it('tells an object of which everything is skipped from one that is not there', async () => {
      const query = 'query Q($b: Boolean!) { me { name @include(if: $b) } }'
      expect(await executors.runCompiled(query, { b: false })).toEqual({
        data: { me: {} },
        errors: [],
      })
    })

    it('keeps the type of an object that an interface object knows by another name', async () => {
      const query = `query Q($b: Boolean!) { found {
      ... on Book @skip(if: $b) { r: rating } ... on Book { rating __typename }
    } }`
      const expected = await executors.runMonolith(query, { b: false })
      expect(await executors.runCompiled(query, { b: false })).toEqual(expected)
    })

    it.each([
      ['with other arguments', '{ products { price cost } }'],
      ['with other arguments, given', '{ products { price(currency: "EUR") cost } }'],
      ['which is another field', '{ products { price: inStock cost name: sku label } }'],
      [
        'which is another field, of a key',
        '{ products { sku: name inStock id: sku reviews { body } } }',
      ],
      ['which is an object', '{ products { size: brand { id: country } shipping } }'],
      ['which fails', '{ products { price: broken cost } }'],
    ])('never takes a field of the client for one that is required: %s', async (_what, query) => {
      const expected = await executors.runMonolith(query)
      const { data, errors } = await executors.runCompiled(query)
      expect(data).toEqual(expected.data)
      expect(errors.map((error) => error.split(' ')[0])).toEqual(
        expected.errors.map((error) => error.split(' ')[0]),
      )
    })

    it('never answers with a field that was not asked for', async () => {
      executors.sent.length = 0
      const { data } = await executors.runCompiled('{ products { inStock } }')
      expect(JSON.stringify(data)).not.toContain('sku')
      expect(executors.sent.length).toBe(2)
    })

    it('asks for each entity once, however often it is referred to', async () => {
      executors.sent.length = 0
      await executors.runCompiled('{ products { reviews { author { age } } } }')
      const asked = executors.sent.filter(({ subgraph }) => subgraph === 'users')
      expect(asked.length).toBe(1)
      const { variables } = JSON.parse(asked[0]?.body ?? '') as {
        variables: { representations: { id: string }[] }
      }
      const ids = variables.representations.map(({ id }) => id)
      expect(ids.length).toBe(new Set(ids).size)
    })
  })

  describe('falling back', () => {
    it.each(['{', '{ nothing }', 'query A { me { id } } query B { me { id } }'])(
      'refuses %s as the reference does, and does not trouble it',
      async (query) => {
        const before = executors.compiled.counts().fallbacks
        await executors.expectEqual(query)
        expect(executors.compiled.counts().fallbacks).toEqual(before)
      },
    )

    it.each([
      ['query Q($a: Boolean!) { me @include(if: $a) { id } }', 'invalid_variables'],
      ['{ me { constructor: name } }', 'reserved_name'],
      ['{ me { __proto__: name } }', 'reserved_name'],
      ['{ me { __typename: name } }', 'reserved_name'],
    ])('leaves %s to the reference, and counts why', async (query, reason) => {
      const before = executors.compiled.counts().fallbacks
      await executors.expectEqual(query)
      const after = executors.compiled.counts().fallbacks
      const counted = [...after].filter(([key, count]) => count !== (before.get(key) ?? 0))
      expect(counted.map(([key]) => key)).toEqual([reason])
    })
  })

  describe('sharing', () => {
    const query = 'query Q($id: ID!) { product(id: $id) { name inStock } }'
    const ask = (id: string, who: string | undefined, text = query) =>
      executors.respond({ query: text, variables: { id } }, who)

    it('answers one caller who asks the same twice at once from one run', async () => {
      executors.sent.length = 0
      const before = executors.compiled.counts().shared
      const answers = await Promise.all([ask('p1', 'a'), ask('p1', 'a'), ask('p1', 'a')])
      expect(new Set(answers).size).toBe(1)
      expect(executors.sent.length).toBe(2)
      expect(executors.compiled.counts().shared).toBe(before + 2)
    })

    it.each([
      ['another caller', () => ask('p1', 'b')],
      ['who cannot be told from others', () => ask('p1', undefined)],
      ['other variables', () => ask('p2', 'a')],
      ['another text', () => ask('p1', 'a', query.replace('name', 'sku'))],
    ])('never happens for %s', async (_what, other) => {
      executors.sent.length = 0
      await Promise.all([ask('p1', 'a'), other()])
      expect(executors.sent.length).toBe(4)
    })

    it('never happens for what changes data', async () => {
      executors.sent.length = 0
      const change = 'mutation { age(id: "u1") { age } }'
      await Promise.all([ask('p1', 'a', change), ask('p1', 'a', change)])
      expect(executors.sent.length).toBe(2)
    })

    it('shows nobody who has changed something what was read before', async () => {
      executors.sent.length = 0
      const first = ask('p1', 'a')
      await ask('p1', 'a', 'mutation { age(id: "u1") { age } }')
      await Promise.all([first, ask('p1', 'a')])
      const roots = executors.sent.filter(({ body }) => body?.includes('product(id'))
      expect(roots.length).toBe(2)
    })
  })
})
