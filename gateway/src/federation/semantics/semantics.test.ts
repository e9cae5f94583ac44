import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plannerNames } from '../planners.js'
import { withoutHive, type Case } from './testing/feature.js'
import { features } from './testing/features.js'
import { runnable, type RunnableFeature } from './testing/run-feature.js'

// Every feature of Federation 2, one by one, over real subgraphs: what comes of an operation is
// written down by hand, and held against each planner under the compiled executor.

describe.each(plannerNames)('with the planner "%s"', (planner) => {
  const readable = features.filter(({ name }) => planner !== 'hive' || !withoutHive.includes(name))

  describe.each(readable)('$name', (feature) => {
    let running: RunnableFeature

    beforeAll(async () => {
      running = await runnable(feature, planner)
    })
    afterAll(() => running.close())

    it.each(feature.cases)('$title', async (wanted) => {
      const before = running.counts()
      const ran = await running.run(wanted.query, wanted.variables)
      const after = running.counts()
      // Silently wrong data never; that one planner alone cannot plan it, is said.
      const mayRefuse = planner !== 'auto' && wanted.referenceFault !== undefined
      if (mayRefuse && after.refused > before.refused) return expectRefused(ran.errors)
      expect(ran).toMatchObject(expected(wanted))
      expect(after.fallbacks).toEqual(before.fallbacks)
    })
  })
})

describe('the reference executor', () => {
  describe.each(features.filter(({ cases }) => cases.some(isComparable)))('$name', (feature) => {
    let running: RunnableFeature

    beforeAll(async () => {
      running = await runnable(feature, 'apollo')
    })
    afterAll(() => running.close())

    it.each(feature.cases.filter(isComparable))(
      'agrees: $title',
      async ({ query, variables, data, errors = [] }) => {
        const ran = await running.runReference(query, variables)
        expect(ran.data).toEqual(data)
        expect(ran.errors.length > 0).toBe(errors.length > 0)
      },
    )
  })
})

function isComparable({ referenceFault }: Case): boolean {
  return referenceFault === undefined
}

function expected({ data, errors = [], asked }: Case): object {
  return { data, errors, ...(asked === undefined ? {} : { asked }) }
}

function expectRefused(errors: readonly string[]): void {
  expect(errors).toEqual([expect.stringContaining('this cannot be answered for certain: ')])
}
