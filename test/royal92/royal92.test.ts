import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { execPath } from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  describeWith,
  graphqlClient,
  startSystem,
  type GraphQLClient,
  type System,
} from '@heirloom/testkit'
import { root } from '../support/repository.js'
import { relationships } from './relationships.js'

const run = promisify(execFile)
const file = `${root}../shared/data/royal92.ged`
const importLimitMs = 30_000

interface Totals {
  readonly peopleCreated: number
  readonly peopleUpdated: number
  readonly peopleUnchanged: number
  readonly relationshipsCreated: number
  readonly relationshipsUnchanged: number
}

describeWith(
  {
    name: 'royal92.ged',
    available: existsSync(file),
    reason: 'the file is not part of the project: put it at ../shared/data/royal92.ged',
  },
  'a tree of 3,010 royals',
  () => {
    let system: System
    let ask: GraphQLClient

    beforeAll(async () => {
      system = await startSystem()
      ask = graphqlClient(`${system.url}/graphql`, await system.token('t_downe'))
    }, 120_000)

    afterAll(() => system.stop())

    it('comes in whole within half a minute', async () => {
      const from = performance.now()
      // Counted in the file with awk: 3,724 parents of a child and 1,138 couples.
      expect(await importFile()).toMatchObject({
        peopleCreated: 3010,
        peopleUpdated: 0,
        peopleUnchanged: 0,
        relationshipsCreated: 4862,
        relationshipsUnchanged: 0,
      })
      expect(performance.now() - from).toBeLessThan(importLimitMs)
    }, 60_000)

    it('changes nothing when it is imported again', async () => {
      expect(await importFile()).toMatchObject({
        peopleCreated: 0,
        peopleUpdated: 0,
        peopleUnchanged: 3010,
        relationshipsCreated: 0,
        relationshipsUnchanged: 4862,
      })
    }, 60_000)

    it.each(relationships)('knows that $to is the $relationship of $from', async (pinned) => {
      const { data, errors } = await ask<{
        personPath: { relationship: string; alsoRelated: string[] }
      }>(
        `query ($fromId: ID!, $toId: ID!) {
          personPath(fromId: $fromId, toId: $toId) { relationship alsoRelated }
        }`,
        { fromId: await idOf(pinned.from), toId: await idOf(pinned.to) },
      )
      expect(errors).toBeUndefined()
      expect(data?.personPath.relationship).toBe(pinned.relationship)
      expect(data?.personPath.alsoRelated).toEqual(
        expect.arrayContaining([...(pinned.alsoRelated ?? [])]),
      )
    })

    async function importFile(): Promise<Totals> {
      const { stdout } = await run(
        execPath,
        [
          'packages/cli/dist/main.js',
          'import',
          'gedcom',
          file,
          '--tenant',
          't_downe',
          '--json',
          '--data-dir',
          system.dataDir,
        ],
        { cwd: root, maxBuffer: 1 << 24 },
      )
      return (JSON.parse(stdout) as { imported: Totals }).imported
    }

    async function idOf(who: string): Promise<string> {
      const [name = '', year] = who.split(', ')
      const { data } = await ask<{
        people: { nodes: { id: string; name: string; birth: { year: number | null } | null }[] }
      }>(
        `query ($name: String) { people(name: $name, first: 100) { nodes { id name birth { year } } } }`,
        { name },
      )
      const found = (data?.people.nodes ?? []).filter(
        (person) =>
          person.name === name && (year === undefined || person.birth?.year === Number(year)),
      )
      expect(found, who).toHaveLength(1)
      return found[0]?.id ?? ''
    }
  },
)
