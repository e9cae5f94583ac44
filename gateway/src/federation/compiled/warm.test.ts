import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { disableVendorTelemetry } from '../../config.js'
import { createOperations, type Operations } from '../operations.js'
import type { PlanForExecution } from '../plan.js'
import { createPlanner } from '../planner.js'
import { plannersFor } from '../planners.js'
import type { FetchSubgraph } from '../subgraph-request.js'
import { buildSupergraph } from '../supergraph.js'
import { testCaller } from '../../testing/test-caller.js'
import { createCompiledOperations } from './compiled-operations.js'
import { shopSupergraph } from './testing/shop-subgraphs.js'

const supergraph = buildSupergraph(shopSupergraph())
const logger = testLogger()
const fetchSubgraph: FetchSubgraph = () => Promise.resolve({ data: {} })
const caller = testCaller()
const query = 'query ($more: Boolean!) { products { id name @include(if: $more) } }'

let made = 0
let plans: readonly PlanForExecution[]
const opened: Operations[] = []

async function open(): Promise<Operations> {
  const reference = await createOperations(supergraph, fetchSubgraph, logger)
  const operations = createCompiledOperations({
    supergraph,
    plans,
    fetchSubgraph,
    reference,
    logger,
  })
  opened.push(operations)
  return operations
}

beforeAll(async () => {
  disableVendorTelemetry()
  const planners = await plannersFor(supergraph, createPlanner(supergraph), 'apollo', logger)
  plans = planners.map((plan) => (document) => {
    made += 1
    return plan(document)
  })
})
afterAll(() => Promise.all(opened.map((one) => one.close())))

describe('operations that are warmed', () => {
  it('have planned what was in use elsewhere, in each of its forms, before anybody asks', async () => {
    const before = await open()
    for (const more of [true, false]) await before.respond({ query, variables: { more } }, caller)
    expect(made).toBe(2)

    const after = await open()
    await after.warm(before.inUse())
    expect(made).toBe(4)
    for (const more of [true, false]) await after.respond({ query, variables: { more } }, caller)
    expect(made).toBe(4)
  })

  it('leave out what is not valid here', async () => {
    const operations = await open()
    await operations.warm([{ query: '{ nowhere }', variants: [{}] }])
    expect(operations.inUse()).toEqual([])
  })
})
