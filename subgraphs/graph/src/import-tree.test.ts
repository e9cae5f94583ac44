import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { importTree, people as listPeople } from './testing/operations.js'
import { startGraphRig, type GraphRig } from './testing/rig.js'

let rig: GraphRig
beforeAll(async () => {
  rig = await startGraphRig()
})
afterAll(() => rig.close())

async function tenant() {
  const context = testTenant()
  const legacyId = rig.stories.add('Legacy', context)
  return { context, legacyId, gql: await rig.as(context) }
}

interface Person {
  readonly externalId: string
  readonly name: string
  readonly [field: string]: unknown
}

const ann: Person = { externalId: 'I1', name: 'Ann Lee', sex: 'FEMALE', birthDate: 'ABT 1819' }
const bob: Person = {
  externalId: 'I2',
  name: 'Bob Lee',
  sex: 'MALE',
  deathYear: -44,
  birthPlace: 'York',
}
const cid: Person = { externalId: 'I3', name: 'Cid Lee' }
const family = [
  { kind: 'PARTNER', fromExternalId: 'I2', toExternalId: 'I1' },
  { kind: 'PARENT', fromExternalId: 'I1', toExternalId: 'I3' },
]

function importer(gql: GraphQLClient, legacyId: string, source = 'a.ged') {
  return async (people: readonly unknown[], relationships: readonly unknown[] = []) => {
    const input = { legacyId, source, people, relationships }
    const { data, errors } = await gql<{ importTree: Record<string, number> }>(importTree, {
      input,
    })
    return { counts: data?.importTree, error: errors?.[0] }
  }
}

function counts(created: number, updated: number, unchanged: number, ties: number, known: number) {
  return {
    peopleCreated: created,
    peopleUpdated: updated,
    peopleUnchanged: unchanged,
    relationshipsCreated: ties,
    relationshipsUnchanged: known,
  }
}

describe('importTree', () => {
  it('brings people and their ties in, and announces the batch once', async () => {
    const { context, legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    expect((await bring([ann, bob, cid], family)).counts).toEqual(counts(3, 0, 0, 2, 0))
    expect(await rig.look.events(context)).toMatchObject([
      {
        type: 'TreeImported',
        resource: { kind: 'Legacy', id: legacyId },
        payload: {
          legacy_id: legacyId,
          source: 'a.ged',
          people_created: 3,
          people_updated: 0,
          relationships_created: 2,
        },
      },
    ])
    const { data } = await gql(
      `query ($legacyId: ID!) {
        people(legacyId: $legacyId) {
          nodes { name sex birth { date year place } death { date year place } parents { name } partners { name } }
        }
      }`,
      { legacyId },
    )
    expect(data).toEqual({
      people: {
        nodes: [
          {
            name: 'Ann Lee',
            sex: 'FEMALE',
            birth: { date: 'ABT 1819', year: 1819, place: null },
            death: null,
            parents: [],
            partners: [{ name: 'Bob Lee' }],
          },
          {
            name: 'Bob Lee',
            sex: 'MALE',
            birth: { date: null, year: null, place: 'York' },
            death: { date: null, year: -44, place: null },
            parents: [],
            partners: [{ name: 'Ann Lee' }],
          },
          {
            name: 'Cid Lee',
            sex: 'UNKNOWN',
            birth: null,
            death: null,
            parents: [{ name: 'Ann Lee' }],
            partners: [],
          },
        ],
      },
    })
  })

  it('changes nothing when it is repeated, and announces nothing', async () => {
    const { context, legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    await bring([ann, bob, cid], family)
    const before = await rig.look.rows(context)
    expect((await bring([ann, bob, cid], family)).counts).toEqual(counts(0, 0, 3, 0, 2))
    expect(await rig.look.rows(context)).toEqual(before)
    expect((await bring([], [])).counts).toEqual(counts(0, 0, 0, 0, 0))
    expect(await rig.look.rows(context)).toEqual(before)
  })

  it('writes only what differs, under the same ids', async () => {
    const { context, legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    await bring([ann, bob], [])
    const ids = async (): Promise<unknown> => (await gql(listPeople, { legacyId })).data
    const before = await ids()
    const changed = { ...bob, birthPlace: 'Leeds' }
    expect((await bring([ann, changed, cid], family)).counts).toEqual(counts(1, 1, 1, 2, 0))
    expect(await ids()).toMatchObject({
      people: {
        nodes: [...(before as { people: { nodes: object[] } }).people.nodes, { name: 'Cid Lee' }],
      },
    })
    expect((await rig.look.events(context)).at(-1)?.payload).toMatchObject({
      people_created: 1,
      people_updated: 1,
      relationships_created: 2,
    })
  })

  it('ties people of an earlier batch of the same source, and of no other', async () => {
    const { legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    await bring([ann, bob])
    expect((await bring([cid], family)).counts).toEqual(counts(1, 0, 0, 2, 0))
    const other = await importer(gql, legacyId, 'b.ged')([cid], family)
    expect(other.error?.extensions?.code).toBe('INVALID_INPUT')
    expect(other.error?.message).toMatch(/I1/)
  })

  it('counts a tie that is said twice once', async () => {
    const { legacyId, gql } = await tenant()
    const backwards = { kind: 'PARTNER', fromExternalId: 'I1', toExternalId: 'I2' }
    const said = [...family, backwards, ...family]
    const { counts: counted } = await importer(gql, legacyId)([ann, bob, cid], said)
    expect(counted).toEqual(counts(3, 0, 0, 2, 3))
  })

  it('keeps two legacies apart that are imported from sources of the same name', async () => {
    const { context, legacyId, gql } = await tenant()
    const other = rig.stories.add('Legacy', context)
    await importer(gql, legacyId)([ann])
    expect((await importer(gql, other)([{ ...ann, name: 'Another Ann' }])).counts).toEqual(
      counts(1, 0, 0, 0, 0),
    )
    const { data } = await gql<{ people: { nodes: readonly { name: string }[] } }>(listPeople, {
      legacyId,
    })
    expect(data?.people.nodes.map(({ name }) => name)).toEqual(['Ann Lee'])
  })

  it('makes one person of each when the same batch comes several times at once', async () => {
    const { context, legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    const all = await Promise.all([1, 2, 3, 4].map(() => bring([ann, bob, cid], family)))
    expect(all.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined])
    expect(all.reduce((sum, { counts }) => sum + (counts?.['peopleCreated'] ?? 0), 0)).toBe(3)
    expect(await rig.look.events(context)).toHaveLength(1)
  })

  const circle = [
    { kind: 'PARENT', fromExternalId: 'I1', toExternalId: 'I2' },
    { kind: 'PARENT', fromExternalId: 'I2', toExternalId: 'I3' },
    { kind: 'PARENT', fromExternalId: 'I3', toExternalId: 'I1' },
  ]

  it('refuses a batch in which somebody is their own ancestor, whole, and names the people', async () => {
    const { context, legacyId, gql } = await tenant()
    const { error } = await importer(gql, legacyId)([ann, bob, cid], circle)
    expect(error?.extensions?.code).toBe('INVALID_INPUT')
    for (const { name } of [ann, bob, cid]) expect(error?.message).toContain(name)
    expect(await rig.look.rows(context)).toEqual([])
  })

  it('refuses a batch that closes a circle with an earlier one, and keeps the earlier one', async () => {
    const { context, legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    await bring([ann, bob, cid], circle.slice(0, 2))
    const before = await rig.look.rows(context)
    const { error } = await bring([{ ...ann, name: 'Anne' }], circle.slice(2))
    expect(error?.extensions?.code).toBe('INVALID_INPUT')
    expect(await rig.look.rows(context)).toEqual(before)
  })

  it.each([
    ['an unknown end', [ann], family, /I2/],
    ['a person twice', [ann, ann], [], /I1/],
    ['a person without a name', [{ externalId: 'I9', name: '' }], [], /I9.*name/],
    ['a person without an external id', [{ externalId: ' ', name: 'Ann' }], [], /externalId/],
    ['a year out of bounds', [{ ...ann, birthYear: 10_000 }], [], /I1.*birthYear/],
    ['a control character', [{ ...ann, title: 'a\u0007' }], [], /I1.*title/],
    [
      'somebody related to themselves',
      [ann],
      [{ kind: 'PARTNER', fromExternalId: 'I1', toExternalId: 'I1' }],
      /I1/,
    ],
    [
      'too many people',
      Array.from({ length: 1001 }, (_, n) => ({ externalId: `${n}`, name: 'x' })),
      [],
      /1000/,
    ],
    ['too many relationships', [ann, bob], Array.from({ length: 4001 }, () => family[0]), /4000/],
  ])('refuses %s, whole', async (_what, people, relationships, message) => {
    const { context, legacyId, gql } = await tenant()
    const { error } = await importer(gql, legacyId)(people, relationships)
    expect(error?.extensions?.code).toBe('INVALID_INPUT')
    expect(error?.message).toMatch(message)
    expect(await rig.look.rows(context)).toEqual([])
  })

  it('refuses a source without a name', async () => {
    const { context, legacyId, gql } = await tenant()
    const { error } = await importer(gql, legacyId, ' ')([ann])
    expect(error?.extensions?.code).toBe('INVALID_INPUT')
    expect(await rig.look.rows(context)).toEqual([])
  })

  it('brings 3,000 people with 7,000 ties in within seconds', async () => {
    const { legacyId, gql } = await tenant()
    const bring = importer(gql, legacyId)
    const size = 3_000
    const started = performance.now()
    for (let from = 0; from < size; from += 1_000) {
      const batch = Array.from({ length: 1_000 }, (_, at) => from + at)
      const people = batch.map((n) => ({
        externalId: `P${n}`,
        name: `Person ${n}`,
        birthYear: 1500 + Math.floor(n / 8),
      }))
      const ties = batch.flatMap((n) => {
        const parents = n < 16 ? [] : [n - 16 + (n % 5), n - 15 + (n % 3)]
        const tied = [...new Set(parents)].map((parent) => ({
          kind: 'PARENT',
          fromExternalId: `P${parent}`,
          toExternalId: `P${n}`,
        }))
        return n % 2 === 0
          ? tied
          : [...tied, { kind: 'PARTNER', fromExternalId: `P${n - 1}`, toExternalId: `P${n}` }]
      })
      const { error } = await bring(people, ties)
      expect(error).toBeUndefined()
    }
    const elapsedMs = performance.now() - started
    expect(elapsedMs).toBeLessThan(10_000)
  })
})
