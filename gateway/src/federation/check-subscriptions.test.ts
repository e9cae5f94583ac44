import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkSubscriptions } from './check-subscriptions.js'
import { createPlanner, type PlanOperation } from './planner.js'
import { buildSupergraph } from './supergraph.js'

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@external", "@requires"])`

const subgraphs = {
  sales: `${link} type Query { a: Int } type Subscription { sold: Product }
    type Product @key(fields: "id") { id: ID! price(currency: String!): Int }`,
  taxes: `${link} type Product @key(fields: "id") { id: ID! price(currency: String!): Int @external
    dollars: Int @requires(fields: "price(currency: \\"USD\\")")
    euros: Int @requires(fields: "price(currency: \\"EUR\\")") }`,
}

let plan: PlanOperation

beforeAll(() => {
  const { supergraphSdl = '' } = composeServices(
    Object.entries(subgraphs).map(([name, sdl]) => ({ name, typeDefs: parse(sdl) })),
  )
  const supergraph = buildSupergraph(supergraphSdl)
  plan = checkSubscriptions(supergraph, createPlanner(supergraph))
})

describe('a subscription', () => {
  it('is planned when each subgraph gets what it requires', () => {
    const document = parse('subscription { sold { id euros } }')
    expect(plan(document).node?.kind).toBe('Subscription')
    expect(plan(document)).toBe(plan(document))
  })

  it.each([
    'subscription { sold { dollars euros } }',
    'subscription { sold { price(currency: "USD") euros } }',
  ])('is refused when one would be handed the value for other arguments: %s', (query) => {
    const refused = expect.objectContaining({
      code: 'INTERNAL',
      message: expect.stringContaining('this cannot be followed for certain') as string,
    }) as Error
    expect(() => plan(parse(query))).toThrow(refused)
  })
})
