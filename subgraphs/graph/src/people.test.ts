import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { addPerson, linkPersonToStory, people, plantFamily } from './testing/operations.js'
import { newId, startGraphRig, type GraphRig } from './testing/rig.js'

let rig: GraphRig
beforeAll(async () => {
  rig = await startGraphRig()
})
afterAll(() => rig.close())

interface AddedPerson {
  readonly addPerson: { readonly person: { readonly id: string } & Record<string, unknown> }
}

interface PeoplePage {
  readonly people: {
    readonly nodes: readonly { readonly id: string; readonly name: string }[]
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  }
}

async function tenant() {
  const context = testTenant()
  const legacyId = rig.stories.add('Legacy', context)
  return { context, legacyId, gql: await rig.as(context) }
}

async function add(gql: GraphQLClient, input: object): Promise<AddedPerson['addPerson']['person']> {
  const { data, errors } = await gql<AddedPerson>(addPerson, { input })
  if (!data) throw new Error(JSON.stringify(errors))
  return data.addPerson.person
}

describe('addPerson', () => {
  it('keeps every fact, tells the year of a date, and announces the person', async () => {
    const { context, legacyId, gql } = await tenant()
    const person = await add(gql, {
      legacyId,
      name: '  Charlotte Brontë ',
      givenName: 'Charlotte',
      surname: 'Brontë',
      title: '',
      sex: 'FEMALE',
      birthDate: '21 APR 1816',
      birthPlace: 'Thornton',
      deathDate: 'BET 30 MAR 1855 AND 1 APR 1855',
    })
    expect(person).toEqual({
      id: person.id,
      name: 'Charlotte Brontë',
      givenName: 'Charlotte',
      surname: 'Brontë',
      title: null,
      sex: 'FEMALE',
      birth: { date: '21 APR 1816', year: 1816, place: 'Thornton' },
      death: { date: 'BET 30 MAR 1855 AND 1 APR 1855', year: 1855, place: null },
      legacy: { id: legacyId },
    })
    expect(await rig.look.events(context)).toMatchObject([
      {
        type: 'PersonAdded',
        version: 1,
        resource: { kind: 'Person', id: person.id },
        payload: { legacy_id: legacyId, person_id: person.id, name: 'Charlotte Brontë' },
      },
    ])
  })

  it('adds one person for a repeated idempotency key, also when both come at once', async () => {
    const { context, legacyId, gql } = await tenant()
    const input = { legacyId, name: 'Ann', idempotencyKey: 'once' }
    const ids = (await Promise.all([add(gql, input), add(gql, input)])).map(({ id }) => id)
    expect((await add(gql, input)).id).toBe(ids[0])
    expect(new Set(ids).size).toBe(1)
    expect(await rig.look.events(context)).toHaveLength(1)
    const other = await gql(addPerson, { input: { ...input, name: 'Bea' } })
    expect(other.errors?.[0]?.extensions?.code).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await rig.look.events(context)).toHaveLength(1)
  })

  it.each([
    ['no name', { name: ' ' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(301) }, 'name'],
    ['a control character', { name: 'A\u0000nn' }, 'name'],
    ['half a surrogate pair', { name: 'Ann', title: '\ud800' }, 'title'],
    ['a place that is too long', { name: 'Ann', birthPlace: 'x'.repeat(501) }, 'birthPlace'],
    ['an empty idempotency key', { name: 'Ann', idempotencyKey: '' }, 'idempotency'],
  ])('refuses %s, names the field, and changes nothing', async (_what, facts, field) => {
    const { context, legacyId, gql } = await tenant()
    const { errors } = await gql(addPerson, { input: { legacyId, ...facts } })
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
    expect(errors?.[0]?.message).toContain(field)
    expect(await rig.look.rows(context)).toEqual([])
  })

  it('refuses a legacy that is not there', async () => {
    const { context, gql } = await tenant()
    for (const legacyId of [newId(), 'nonsense', "'; drop table person; --"]) {
      const { errors } = await gql(addPerson, { input: { legacyId, name: 'Ann' } })
      expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    }
    expect(await rig.look.rows(context)).toEqual([])
  })
})

describe('people', () => {
  it('come in the order in which they were added, page by page, each once', async () => {
    const { legacyId, gql } = await tenant()
    for (const name of ['Ann', 'Bob', 'Cid', 'Dan', 'Eve']) await add(gql, { legacyId, name })
    const names: string[] = []
    let after: string | null = null
    do {
      const { data }: { data?: PeoplePage | null | undefined } = await gql<PeoplePage>(people, {
        first: 2,
        after,
      })
      names.push(...(data?.people.nodes ?? []).map(({ name }) => name))
      after = data?.people.pageInfo.hasNextPage === true ? data.people.pageInfo.endCursor : null
    } while (after !== null)
    expect(names).toEqual(['Ann', 'Bob', 'Cid', 'Dan', 'Eve'])
  })

  it('are found by any part of the name, whatever its case and accents', async () => {
    const { legacyId, gql } = await tenant()
    for (const name of ['Charlotte Brontë', 'Anne BRONTE', 'Søren Kierkegaard', '100% Ann_a']) {
      await add(gql, { legacyId, name })
    }
    const find = async (name: string): Promise<readonly string[]> => {
      const { data } = await gql<PeoplePage>(people, { legacyId, name })
      return (data?.people.nodes ?? []).map((node) => node.name)
    }
    expect(await find('bronté')).toEqual(['Charlotte Brontë', 'Anne BRONTE'])
    expect(await find('SOREN')).toEqual(['Søren Kierkegaard'])
    expect(await find('%')).toEqual(['100% Ann_a'])
    expect(await find('n_a')).toEqual(['100% Ann_a'])
    expect(await find('\\')).toEqual([])
    expect(await find(' ')).toHaveLength(4)
  })

  it('of one legacy are listed there and nowhere else', async () => {
    const { context, legacyId, gql } = await tenant()
    const other = rig.stories.add('Legacy', context)
    await add(gql, { legacyId, name: 'Ann' })
    await add(gql, { legacyId: other, name: 'Bob' })
    const { data } = await gql(
      `query ($of: [_Any!]!) {
        _entities(representations: $of) { ... on Legacy { people(first: 1) { nodes { name } pageInfo { hasNextPage } } } }
      }`,
      { of: [legacyId, other, newId()].map((id) => ({ __typename: 'Legacy', id })) },
    )
    const page = (...nodes: readonly string[]) => ({
      people: { nodes: nodes.map((name) => ({ name })), pageInfo: { hasNextPage: false } },
    })
    expect(data).toEqual({ _entities: [page('Ann'), page('Bob'), page()] })
    const listed = await gql<PeoplePage>(people, { legacyId: other })
    expect(listed.data?.people.nodes.map(({ name }) => name)).toEqual(['Bob'])
    expect((await gql<PeoplePage>(people, { legacyId: 'nonsense' })).data?.people.nodes).toEqual([])
  })

  it.each([
    [{ first: 0 }, 'INVALID_INPUT'],
    [{ first: 101 }, 'INVALID_INPUT'],
    [{ first: -1 }, 'INVALID_INPUT'],
    [{ after: 'nonsense' }, 'CURSOR_INVALID'],
    [{ after: Buffer.from('c1:17').toString('base64url') }, 'CURSOR_INVALID'],
    [{ name: 'x'.repeat(301) }, 'INVALID_INPUT'],
    [{ name: '\u0000' }, 'INVALID_INPUT'],
  ])('refuse %j', async (variables, code) => {
    const { gql } = await tenant()
    const { errors } = await gql(people, variables)
    expect(errors?.[0]?.extensions?.code).toBe(code)
  })

  it('that are not there are null, whatever the id looks like', async () => {
    const { gql } = await tenant()
    for (const id of [newId(), '', 'nonsense', '\u0000', "' or true --"]) {
      const { data, errors } = await gql(`query ($id: ID!) { person(id: $id) { id } }`, { id })
      expect(errors).toBeUndefined()
      expect(data).toEqual({ person: null })
    }
  })
})

describe('family', () => {
  it('is read around a person, generation by generation', async () => {
    const { legacyId, gql } = await tenant()
    const family = await plantFamily(gql, legacyId, [
      'Gran > Mum',
      'Mum > Ann',
      'Dad > Ann',
      'Mum + Dad',
      'Ann > Kid',
      'Kid > Tot',
    ])
    const { data } = await gql(
      `query ($id: ID!) {
        person(id: $id) {
          parents { name partners { name } }
          children { name }
          partners { name }
          ancestors(maxGenerations: 1) { truncated members { generation person { name } } }
          all: ancestors { truncated members { generation person { name } } }
          descendants { truncated members { generation person { name } } }
        }
      }`,
      { id: family.idOf('Ann') },
    )
    const member = (name: string, generation: number) => ({ generation, person: { name } })
    expect(data).toEqual({
      person: {
        parents: [
          { name: 'Mum', partners: [{ name: 'Dad' }] },
          { name: 'Dad', partners: [{ name: 'Mum' }] },
        ],
        children: [{ name: 'Kid' }],
        partners: [],
        ancestors: { truncated: true, members: [member('Mum', 1), member('Dad', 1)] },
        all: { truncated: false, members: [member('Mum', 1), member('Dad', 1), member('Gran', 2)] },
        descendants: { truncated: false, members: [member('Kid', 1), member('Tot', 2)] },
      },
    })
  })

  it('is read for many people in one statement per field, not per person', async () => {
    const { legacyId, gql } = await tenant()
    const children = Array.from({ length: 30 }, (_, index) => `Kid${index}`)
    await plantFamily(gql, legacyId, [
      'Mum + Dad',
      ...children.flatMap((kid) => [`Mum > ${kid}`, `Dad > ${kid}`, `${kid} + Mate${kid}`]),
    ])
    const reads = async (first: number): Promise<number> => {
      const before = rig.transactions()
      const { errors } = await gql(
        `query ($legacyId: ID!, $first: Int) {
          people(legacyId: $legacyId, first: $first) {
            nodes { parents { name children { name } } partners { name parents { name } } children { name } }
          }
        }`,
        { legacyId, first },
      )
      expect(errors).toBeUndefined()
      return rig.transactions() - before
    }
    const fields = [
      'people',
      'parents',
      'children',
      'partners',
      'parents of partners',
      'children of parents',
    ]
    expect(await reads(62)).toBeLessThanOrEqual(fields.length)
    expect(await reads(1)).toBeGreaterThan(1)
  })

  it.each([0, -1, 26])('refuses to walk %d generations', async (maxGenerations) => {
    const { legacyId, gql } = await tenant()
    const { id } = await add(gql, { legacyId, name: 'Ann' })
    const { errors } = await gql(
      `query ($id: ID!, $maxGenerations: Int) {
        person(id: $id) { ancestors(maxGenerations: $maxGenerations) { truncated } }
      }`,
      { id, maxGenerations },
    )
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
  })
})

describe('linkPersonToStory', () => {
  it('links once, announces it once, and is read from both sides', async () => {
    const { context, legacyId, gql } = await tenant()
    const { id } = await add(gql, { legacyId, name: 'Ann' })
    const storyId = rig.stories.add('Story', context)
    const input = { personId: id, storyId }
    for (let time = 0; time < 2; time += 1) {
      const { data } = await gql(linkPersonToStory, { input })
      expect(data).toEqual({
        linkPersonToStory: { person: { id, stories: [{ id: storyId }] }, story: { id: storyId } },
      })
    }
    expect((await rig.look.events(context)).slice(1)).toMatchObject([
      {
        type: 'PersonLinkedToStory',
        resource: { kind: 'Person', id },
        payload: { legacy_id: legacyId, story_id: storyId, person_id: id },
      },
    ])
    const { data } = await gql(
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Story { people { name } } } }`,
      { of: [{ __typename: 'Story', id: storyId }] },
    )
    expect(data).toEqual({ _entities: [{ people: [{ name: 'Ann' }] }] })
  })

  it('shows neither side of a link once the story cannot be read', async () => {
    const { context, legacyId, gql } = await tenant()
    const { id } = await add(gql, { legacyId, name: 'Ann' })
    const storyId = rig.stories.add('Story', context)
    await gql(linkPersonToStory, { input: { personId: id, storyId } })
    rig.stories.remove(storyId)
    const { data } = await gql(
      `query ($id: ID!, $of: [_Any!]!) {
        person(id: $id) { stories { id } }
        _entities(representations: $of) { ... on Story { people { name } } }
      }`,
      { id, of: [{ __typename: 'Story', id: storyId }] },
    )
    expect(data).toEqual({ person: { stories: [] }, _entities: [{ people: [] }] })
  })

  it('refuses a story of another legacy of the same tenant, and changes nothing', async () => {
    const { context, legacyId, gql } = await tenant()
    const { id } = await add(gql, { legacyId, name: 'Ann' })
    const other = rig.stories.add('Legacy', context)
    const before = await rig.look.rows(context)
    const storyId = rig.stories.add('Story', context, other)
    const { errors } = await gql(linkPersonToStory, { input: { personId: id, storyId } })
    expect(errors?.[0]?.extensions?.code).toBe('INVALID_INPUT')
    expect(await rig.look.rows(context)).toEqual(before)
    const own = rig.stories.add('Story', context, legacyId)
    const linked = await gql(linkPersonToStory, { input: { personId: id, storyId: own } })
    expect(linked.errors).toBeUndefined()
  })

  it('refuses a person or a story that is not there, and changes nothing', async () => {
    const { context, legacyId, gql } = await tenant()
    const { id } = await add(gql, { legacyId, name: 'Ann' })
    const storyId = rig.stories.add('Story', context)
    const before = await rig.look.rows(context)
    for (const input of [
      { personId: newId(), storyId },
      { personId: 'nonsense', storyId },
      { personId: id, storyId: newId() },
      { personId: id, storyId: 'nonsense' },
      { personId: id, storyId: legacyId },
    ]) {
      const { errors } = await gql(linkPersonToStory, { input })
      expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    }
    expect(await rig.look.rows(context)).toEqual(before)
  })
})
