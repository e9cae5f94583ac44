import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { addPerson, addRelationship, plantFamily } from './testing/operations.js'
import { newId, startGraphRig, type GraphRig } from './testing/rig.js'

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

interface Related {
  readonly addRelationship: {
    readonly relationship: {
      readonly id: string
      readonly kind: string
      readonly from: { readonly id: string; readonly name: string }
      readonly to: { readonly id: string; readonly name: string }
    }
  }
}

async function relate(gql: GraphQLClient, kind: string, fromId: string, toId: string) {
  const { data, errors } = await gql<Related>(addRelationship, { input: { kind, fromId, toId } })
  return { relationship: data?.addRelationship.relationship, error: errors?.[0] }
}

async function twoPeople(gql: GraphQLClient, legacyId: string) {
  const family = await plantFamily(gql, legacyId, ['Ann > Bob', 'Eve + Dan'])
  return {
    ann: family.idOf('Ann'),
    bob: family.idOf('Bob'),
    eve: family.idOf('Eve'),
    dan: family.idOf('Dan'),
  }
}

describe('addRelationship', () => {
  it('adds a parent, and announces it', async () => {
    const { context, legacyId, gql } = await tenant()
    const { ann, eve } = await twoPeople(gql, legacyId)
    const { relationship } = await relate(gql, 'PARENT', eve, ann)
    expect(relationship).toMatchObject({
      kind: 'PARENT',
      from: { id: eve, name: 'Eve' },
      to: { id: ann, name: 'Ann' },
    })
    expect((await rig.look.events(context)).at(-1)).toMatchObject({
      type: 'RelationshipAdded',
      resource: { kind: 'Relationship', id: relationship?.id },
      payload: {
        legacy_id: legacyId,
        relationship_id: relationship?.id,
        person_id: eve,
        other_person_id: ann,
        kind: 'PARENT',
      },
    })
    const { data } = await gql(
      `query ($of: [_Any!]!) {
        _entities(representations: $of) { ... on Relationship { kind from { name } to { name } } }
      }`,
      { of: [{ __typename: 'Relationship', id: relationship?.id }] },
    )
    expect(data).toEqual({
      _entities: [{ kind: 'PARENT', from: { name: 'Eve' }, to: { name: 'Ann' } }],
    })
  })

  it('returns what is there already, a couple also the other way round, and changes nothing', async () => {
    const { context, legacyId, gql } = await tenant()
    const { ann, bob, eve, dan } = await twoPeople(gql, legacyId)
    const before = await rig.look.rows(context)
    const parent = await relate(gql, 'PARENT', ann, bob)
    expect(parent.relationship?.from.id).toBe(ann)
    const [one, other] = [
      await relate(gql, 'PARTNER', eve, dan),
      await relate(gql, 'PARTNER', dan, eve),
    ]
    expect(one.relationship?.id).toBe(other.relationship?.id)
    expect(await rig.look.rows(context)).toEqual(before)
  })

  it('refuses whatever would make somebody their own ancestor, and names the people', async () => {
    const { context, legacyId, gql } = await tenant()
    const family = await plantFamily(gql, legacyId, [
      'Ann > Bob',
      'Bob > Cid',
      'Cid > Dan',
      'Ann > Eve',
    ])
    const before = await rig.look.rows(context)
    for (const [from, to] of [
      ['Dan', 'Ann'],
      ['Bob', 'Ann'],
      ['Cid', 'Bob'],
    ] as const) {
      const { error } = await relate(gql, 'PARENT', family.idOf(from), family.idOf(to))
      expect(error?.extensions?.code).toBe('INVALID_INPUT')
      expect(error?.message).toContain('own ancestor')
      expect(error?.message).toContain(from)
      expect(error?.message).toContain(to)
    }
    expect(await rig.look.rows(context)).toEqual(before)
    expect(
      (await relate(gql, 'PARENT', family.idOf('Eve'), family.idOf('Dan'))).error,
    ).toBeUndefined()
  })

  it('never lets simultaneous additions close a circle', async () => {
    const { context, legacyId, gql } = await tenant()
    for (let round = 0; round < 5; round += 1) {
      const ids = await Promise.all(
        [0, 1, 2].map(async (index) => {
          const input = { legacyId, name: `${round} ${index}` }
          const { data } = await gql<{ addPerson: { person: { id: string } } }>(addPerson, {
            input,
          })
          return data?.addPerson.person.id ?? ''
        }),
      )
      const results = await Promise.all(
        ids.map((id, index) => relate(gql, 'PARENT', id, ids[(index + 1) % 3] ?? '')),
      )
      const refused = results.filter(({ error }) => error !== undefined)
      expect(refused.map(({ error }) => error?.extensions?.code)).toEqual(['INVALID_INPUT'])
    }
    const added = (await rig.look.events(context)).filter(
      ({ type }) => type === 'RelationshipAdded',
    )
    expect(added).toHaveLength(10)
  })

  it('adds one couple when both ways of saying it come at once', async () => {
    const { context, legacyId, gql } = await tenant()
    const { ann, eve } = await twoPeople(gql, legacyId)
    const both = await Promise.all([
      relate(gql, 'PARTNER', ann, eve),
      relate(gql, 'PARTNER', eve, ann),
    ])
    expect(new Set(both.map(({ relationship }) => relationship?.id)).size).toBe(1)
    const added = (await rig.look.events(context)).filter(
      ({ type }) => type === 'RelationshipAdded',
    )
    expect(added).toHaveLength(1)
  })

  it('refuses people of different legacies, one person twice, and people who are not there', async () => {
    const { context, legacyId, gql } = await tenant()
    const { ann } = await twoPeople(gql, legacyId)
    const elsewhere = await twoPeople(gql, rig.stories.add('Legacy', context))
    const before = await rig.look.rows(context)
    const codes = []
    for (const kind of ['PARENT', 'PARTNER']) {
      for (const other of [elsewhere.ann, ann, newId(), 'nonsense']) {
        codes.push((await relate(gql, kind, ann, other)).error?.extensions?.code)
      }
    }
    const expected = ['INVALID_INPUT', 'INVALID_INPUT', 'NOT_FOUND', 'NOT_FOUND']
    expect(codes).toEqual([...expected, ...expected])
    expect(await rig.look.rows(context)).toEqual(before)
  })
})
