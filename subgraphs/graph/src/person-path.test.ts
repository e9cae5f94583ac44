import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { personPath, plantFamily, type Family } from './testing/operations.js'
import { newId, startGraphRig, type GraphRig } from './testing/rig.js'

let rig: GraphRig
beforeAll(async () => {
  rig = await startGraphRig()
})
afterAll(() => rig.close())

interface Path {
  readonly relationship: string
  readonly alsoRelated: readonly string[]
  readonly truncated: boolean
  readonly steps: readonly {
    readonly via: string | null
    readonly person: { readonly name: string }
  }[]
}

async function planted(...ties: readonly string[]) {
  const context = testTenant()
  const gql = await rig.as(context)
  const family = await plantFamily(gql, rig.stories.add('Legacy', context), ties)
  return { gql, family }
}

async function pathOf(gql: GraphQLClient, family: Family, from: string, to: string): Promise<Path> {
  const variables = { fromId: family.idOf(from), toId: family.idOf(to) }
  const { data, errors } = await gql<{ personPath: Path }>(personPath, variables)
  if (!data) throw new Error(JSON.stringify(errors))
  return data.personPath
}

function shown({ steps }: Path): string {
  return steps.map(({ via, person }) => `${via ?? ''} ${person.name}`.trim()).join(', ')
}

describe('personPath', () => {
  it('names cousins, and shows the way over their grandparents', async () => {
    const { gql, family } = await planted(
      'Gran♀ > Mum♀',
      'Gran♀ > Uncle♂',
      'Gramp♂ > Mum♀',
      'Gramp♂ > Uncle♂',
      'Mum♀ > Ann♀',
      'Uncle♂ > Cid♂',
      'Cid♂ > Dot♀',
    )
    const path = await pathOf(gql, family, 'Ann', 'Dot')
    expect(path).toMatchObject({
      relationship: 'first cousin once removed',
      alsoRelated: [],
      truncated: false,
    })
    expect(shown(path)).toMatch(
      /^Ann, parent Mum, parent Gra(n|mp), child Uncle, child Cid, child Dot$/,
    )
    expect((await pathOf(gql, family, 'Ann', 'Uncle')).relationship).toBe('uncle')
    expect((await pathOf(gql, family, 'Uncle', 'Ann')).relationship).toBe('niece')
    expect((await pathOf(gql, family, 'Dot', 'Gran')).relationship).toBe('great-grandmother')
  })

  it('tells half from full siblings, and does not guess where a parent is missing', async () => {
    const { gql, family } = await planted(
      'Mum > Ann♀',
      'Dad > Ann♀',
      'Mum > Bob♂',
      'Dad > Bob♂',
      'Mum > Cid♂',
      'Max > Cid♂',
      'Mum > Dot♀',
      'Cid♂ > Eve♀',
    )
    expect((await pathOf(gql, family, 'Ann', 'Bob')).relationship).toBe('brother')
    expect((await pathOf(gql, family, 'Ann', 'Cid')).relationship).toBe('half-brother')
    expect((await pathOf(gql, family, 'Ann', 'Dot')).relationship).toBe('sister')
    expect((await pathOf(gql, family, 'Bob', 'Eve')).relationship).toBe('half-niece')
  })

  it('names spouses who are cousins as spouses, and says that they are cousins too', async () => {
    const { gql, family } = await planted(
      'Gran > Mum',
      'Gran > Uncle',
      'Gramp > Mum',
      'Gramp > Uncle',
      'Mum > Vic♀',
      'Uncle > Albert♂',
      'Vic♀ + Albert♂',
    )
    const path = await pathOf(gql, family, 'Vic', 'Albert')
    expect(path).toMatchObject({ relationship: 'husband', alsoRelated: ['first cousin'] })
    expect(shown(path)).toBe('Vic, partner Albert')
  })

  it('names in-laws, step kin, and who is further by what leads there', async () => {
    const { gql, family } = await planted(
      'Mum♀ > Ann♀',
      'Mum♀ > Sis♀',
      'Mum♀ + Step♂',
      'Step♂ > Stan♂',
      'Ann♀ + Hal♂',
      'Pa♂ > Hal♂',
      'Pa♂ > Hugh♂',
      'Sis♀ + Sid♂',
      'Ann♀ > Kay♀',
      'Kay♀ > Liz♀',
      'Liz♀ + Lou♂',
    )
    const names = {
      Step: 'stepfather',
      Stan: 'stepbrother',
      Pa: 'father-in-law',
      Hugh: 'brother-in-law',
      Sid: 'brother-in-law',
      Lou: 'husband of granddaughter',
    }
    for (const [name, relationship] of Object.entries(names)) {
      expect((await pathOf(gql, family, 'Ann', name)).relationship).toBe(relationship)
    }
    expect((await pathOf(gql, family, 'Lou', 'Ann')).relationship).toBe('grandmother of wife')
    expect((await pathOf(gql, family, 'Sis', 'Lou')).relationship).toBe('husband of grandniece')
  })

  it('prefers a single marriage that is nearer, and blood to several marriages', async () => {
    const blood = ['A > B', 'A > C', 'B > D♀', 'C > E♂', 'D♀ > F♀', 'E♂ > G♂', 'F♀ > H♀', 'G♂ > I♂']
    const married = await planted(...blood, 'H♀ > J♀', 'J♀ + I♂')
    expect(await pathOf(married.gql, married.family, 'H', 'I')).toMatchObject({
      relationship: 'son-in-law',
      alsoRelated: ['third cousin'],
    })
    const twice = await planted(...blood, 'H♀ + K♂', 'K♂ > L♀', 'L♀ + I♂')
    const path = await pathOf(twice.gql, twice.family, 'H', 'I')
    expect(path).toMatchObject({
      relationship: 'third cousin',
      alsoRelated: ['husband of daughter of husband'],
    })
    expect(path.steps).toHaveLength(9)
  })

  it('names somebody to themselves', async () => {
    const { gql, family } = await planted('Ann > Bob')
    const path = await pathOf(gql, family, 'Ann', 'Ann')
    expect(path.relationship).toBe('self')
    expect(shown(path)).toBe('Ann')
  })

  it('says so when two people are not related, in one legacy or in two', async () => {
    const context = testTenant()
    const gql = await rig.as(context)
    const family = await plantFamily(gql, rig.stories.add('Legacy', context), [
      'Ann > Bob',
      'Eve + Dan',
    ])
    const other = await plantFamily(gql, rig.stories.add('Legacy', context), ['Mal > Lory'])
    const unrelated = { relationship: 'not related', alsoRelated: [], steps: [], truncated: false }
    expect(await pathOf(gql, family, 'Ann', 'Eve')).toMatchObject(unrelated)
    const variables = { fromId: family.idOf('Ann'), toId: other.idOf('Mal') }
    expect((await gql(personPath, variables)).data).toMatchObject({ personPath: unrelated })
  })

  it('is null when one of the two is not there', async () => {
    const { gql, family } = await planted('Ann > Bob')
    for (const toId of [newId(), 'nonsense', '']) {
      const { data, errors } = await gql(personPath, { fromId: family.idOf('Ann'), toId })
      expect(errors).toBeUndefined()
      expect(data).toEqual({ personPath: null })
    }
  })
})
