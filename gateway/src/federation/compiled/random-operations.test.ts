import fc from 'fast-check'
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExecutors, type Answer, type Executors } from './testing/executors.js'
import { randomOperation } from './testing/random-operation.js'

// Three executors, one truth: graphql-js over the data itself. Where the reference differs from
// it, the compiled plan may differ from the reference.

// RANDOM_OPERATIONS=1000 looks further, elsewhere each time; a failure prints its seed.
const wanted = process.env['RANDOM_OPERATIONS']
const runs = Number(wanted ?? 150)
const timeoutMs = 600_000

// Hive's alone refuses an operation now and then; the gateway then asks Apollo's.
describe.each(['apollo', 'auto'] as const)('with the planner of %s', (planner) => {
  let executors: Executors

  beforeAll(async () => {
    executors = await startExecutors(undefined, planner)
  })

  afterAll(() => executors.close())

  describe('a random operation', () => {
    it(
      'gets from compiled plans what it gets from graphql-js over the data',
      async () => {
        const { apiSchema } = executors.supergraph
        let compared = 0
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.nat(10_000), { minLength: 20, maxLength: 120 }),
            fc.boolean(),
            fc.constantFrom({}, { a: false }, { a: true, min: 3, text: 'USD' }),
            async (numbers, b, given) => {
              const query = randomOperation(apiSchema, numbers)
              if (validate(apiSchema, parse(query)).some(({ message }) => !isUnused(message)))
                return
              const variables = { ...given, b }
              const used = withoutUnused(query)
              const expected = await executors.runMonolith(used, variables)
              const actual = await executors.runCompiled(used, variables)
              const reference = await executors.runReference(used, variables)
              compared += 1
              const about = `${used}\n${JSON.stringify(variables)}`
              // Errors carry the subgraphs' codes; the monolith has none to carry.
              const isRight = isSame(expected.data, actual.data)
              if (isRight && isSame(placesOf(expected), placesOf(actual))) return
              expect(actual, about).toEqual(reference)
              expect(actual.data, `the reference agrees: ${about}`).toEqual(expected.data)
            },
          ),
          { numRuns: runs, endOnFailure: true, ...(wanted === undefined ? { seed: 1 } : {}) },
        )
        expect(compared).toBeGreaterThan(runs / 4)
        const { compiled, fallbacks } = executors.compiled.counts()
        expect(Object.fromEntries(fallbacks)).toEqual({})
        expect(compiled).toBe(compared)
      },
      timeoutMs,
    )
  })
})

function placesOf({ errors }: Answer): readonly string[] {
  return [...new Set(errors.map((error) => error.split(' ')[0] ?? ''))]
}

function isUnused(message: string): boolean {
  return message.includes('is never used')
}

/** Declares only the variables that the operation uses. */
function withoutUnused(query: string): string {
  const [, declared = '', body = ''] = /^query Q\((.*?)\) (.*)$/s.exec(query) ?? []
  const used = declared.split(', ').filter((text) => {
    const [name = ''] = /^\$\w+/.exec(text) ?? []
    return new RegExp(`\\${name}\\b`).test(body)
  })
  return used.length === 0 ? `query Q ${body}` : `query Q(${used.join(', ')}) ${body}`
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
