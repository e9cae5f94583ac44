import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExecutors, type Executors } from './testing/executors.js'

// The reference is Apollo's own executor over the same subgraphs: whatever it answers, we answer.

let executors: Executors

beforeAll(async () => {
  executors = await startExecutors()
})

afterAll(() => executors.close())

describe('a compiled plan', () => {
  it('gives what the reference gives over two hops', async () => {
    await executors.expectEqual('{ products { id name reviews { body author { name } } } }')
    expect(executors.compiled.counts().fallbacks.size).toBe(0)
  })
})
