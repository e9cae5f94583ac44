import { composeServices } from '@apollo/composition'
import { parse } from 'graphql'
import { describe, expect, it, vi } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { createPlanner } from './planner.js'
import { plannerNames, plannersFor } from './planners.js'
import { buildSupergraph } from './supergraph.js'

/** Two that share a type, of which the second takes over a field, as `label` says. */
function composed(label = ''): string {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7",
    import: ["@key", "@override"])`
  const entity = 'type Book @key(fields: "id") { id: ID!'
  const { supergraphSdl, errors } = composeServices([
    { name: 'old', typeDefs: parse(`${link} type Query { book: Book } ${entity} title: String }`) },
    {
      name: 'new',
      typeDefs: parse(`${link} ${entity} title: String @override(from: "old"${label}) }`),
    },
  ])
  if (supergraphSdl === undefined) throw new Error(String(errors))
  return supergraphSdl
}

const query = parse('{ book { id } }')

describe.each(plannerNames)('with the planner of %s', (planner) => {
  it('plans for a schema that is described', async () => {
    const supergraph = buildSupergraph(`"""Of books."""\n${composed()}`)
    const logger = testLogger()
    const info = vi.spyOn(logger, 'info')
    const plans = await plannersFor(supergraph, createPlanner(supergraph), planner, logger)
    for (const plan of plans) expect(plan(query).node?.kind).toBe('Fetch')
    expect(info).not.toHaveBeenCalled()
  })
})

describe('a supergraph that one planner is not for', () => {
  const supergraph = buildSupergraph(composed(', label: "percent(10)"'))

  it('is left to the other, which is said', async () => {
    const logger = testLogger()
    const info = vi.spyOn(logger, 'info')
    const apollo = createPlanner(supergraph)
    expect(await plannersFor(supergraph, apollo, 'auto', logger)).toEqual([apollo])
    const reason = 'it is not told which progressive overrides hold'
    expect(info).toHaveBeenCalledExactlyOnceWith({ reason }, expect.any(String))
  })

  it('is refused where that planner is wanted', async () => {
    const wanted = plannersFor(supergraph, createPlanner(supergraph), 'hive', testLogger())
    await expect(wanted).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('choose apollo or auto') as string,
    })
  })
})
