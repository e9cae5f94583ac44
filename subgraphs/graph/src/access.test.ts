import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { graphqlClient, testTenant, type GraphQLClient } from '@heirloom/testkit'
import {
  addPerson,
  addRelationship,
  importTree,
  linkPersonToStory,
  personPath,
  plantFamily,
  type Family,
} from './testing/operations.js'
import { newId, startGraphRig, type GraphRig } from './testing/rig.js'

let rig: GraphRig
beforeAll(async () => {
  rig = await startGraphRig()
})
afterAll(() => rig.close())

const anything = '{ people { nodes { id } } }'

describe('without a usable token', () => {
  async function answerTo(bearer: string | undefined) {
    const response = await fetch(rig.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify({ query: anything }),
    })
    const body = (await response.json()) as { error?: { code: string } }
    return { status: response.status, code: body.error?.code }
  }

  it('a request is refused when it has none', async () => {
    expect(await answerTo(undefined)).toEqual({ status: 401, code: 'UNAUTHENTICATED' })
  })

  it('a request is refused when its token has expired', async () => {
    const longAgo = await rig.token(testTenant(), () => Date.now() - 600_000)
    expect(await answerTo(longAgo)).toEqual({ status: 401, code: 'TOKEN_EXPIRED' })
  })

  it('a request is refused when its token is meant for another subgraph', async () => {
    const misdirected = await rig.token(testTenant(), undefined, 'media')
    expect(await answerTo(misdirected)).toEqual({ status: 401, code: 'TOKEN_INVALID' })
  })

  it('a request is refused when its token is signed with nothing, or with a secret', async () => {
    const claims = (await rig.token(testTenant())).split('.')[1] ?? ''
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
    expect(await answerTo(`${none}.${claims}.`)).toEqual({ status: 401, code: 'TOKEN_INVALID' })
    const signed = `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${claims}`
    const secret = `${signed}.${createHmac('sha256', 'a guess').update(signed).digest('base64url')}`
    expect(await answerTo(secret)).toEqual({ status: 401, code: 'TOKEN_INVALID' })
  })

  it('a tenant named by a header or an argument changes nothing', async () => {
    const mine = testTenant()
    const theirs = testTenant()
    const legacyId = rig.stories.add('Legacy', theirs)
    await plantFamily(await rig.as(theirs), legacyId, ['Ann > Bob'])
    const response = await fetch(rig.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await rig.token(mine)}`,
        'x-tenant-id': theirs.tenantId,
        tenant_id: theirs.tenantId,
      },
      body: JSON.stringify({ query: anything, variables: { tenantId: theirs.tenantId } }),
    })
    expect(await response.json()).toEqual({ data: { people: { nodes: [] } } })
  })
})

describe('by role', () => {
  const context = testTenant()
  let legacyId: string
  let family: Family
  beforeAll(async () => {
    legacyId = rig.stories.add('Legacy', context)
    family = await plantFamily(await rig.as(context), legacyId, ['Ann > Bob'])
  })

  const as = (...roles: TenantContext['roles']): Promise<GraphQLClient> =>
    rig.as({ ...context, roles })

  it('every member reads people', async () => {
    for (const role of ['viewer', 'contributor', 'editor', 'owner'] as const) {
      const { data } = await (await as(role))(anything)
      expect(data).toMatchObject({ people: { nodes: [{}, {}] } })
    }
  })

  it('an operator and somebody without a role read nobody', async () => {
    for (const roles of [['operator'], []] as const) {
      const gql = await as(...roles)
      const { data } = await gql(
        `query ($id: ID!) { person(id: $id) { id } people { nodes { id } } }`,
        { id: family.idOf('Ann') },
      )
      expect(data).toEqual({ person: null, people: { nodes: [] } })
      const path = await gql(personPath, { fromId: family.idOf('Ann'), toId: family.idOf('Bob') })
      expect(path.data).toEqual({ personPath: null })
    }
  })

  it('only editors and owners write; what others try changes nothing', async () => {
    const storyId = rig.stories.add('Story', context)
    const writes: readonly (readonly [string, object])[] = [
      [addPerson, { legacyId, name: 'Eve' }],
      [addRelationship, { kind: 'PARTNER', fromId: family.idOf('Ann'), toId: family.idOf('Bob') }],
      [linkPersonToStory, { personId: family.idOf('Ann'), storyId }],
      [
        importTree,
        { legacyId, source: 's', people: [{ externalId: 'E', name: 'Eve' }], relationships: [] },
      ],
    ]
    const before = await rig.look.rows(context)
    for (const roles of [['viewer'], ['contributor'], ['operator'], []] as const) {
      const gql = await as(...roles)
      for (const [mutation, input] of writes) {
        const { data, errors } = await gql(mutation, { input })
        expect(data).toBeFalsy()
        expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
      }
    }
    expect(await rig.look.rows(context)).toEqual(before)
    for (const role of ['editor', 'owner'] as const) {
      const { errors } = await (await as(role))(addPerson, { input: { legacyId, name: role } })
      expect(errors).toBeUndefined()
    }
  })
})

describe('another tenant', () => {
  const alice = testTenant()
  const mallory = testTenant()
  let family: Family
  let storyId: string
  let relationshipId: string
  let before: readonly unknown[]
  beforeAll(async () => {
    const gql = await rig.as(alice)
    family = await plantFamily(gql, rig.stories.add('Legacy', alice), ['Ann > Bob', 'Bob > Cid'])
    storyId = rig.stories.add('Story', alice)
    await gql(linkPersonToStory, { input: { personId: family.idOf('Ann'), storyId } })
    const tied = await gql<{ addRelationship: { relationship: { id: string } } }>(addRelationship, {
      input: { kind: 'PARENT', fromId: family.idOf('Ann'), toId: family.idOf('Bob') },
    })
    relationshipId = tied.data?.addRelationship.relationship.id ?? ''
    before = await rig.look.rows(alice)
  })

  it('reads nothing by any id', async () => {
    const gql = await rig.as(mallory)
    const { data, errors } = await gql(
      `query ($ann: ID!, $cid: ID!, $legacy: ID!) {
        person(id: $ann) { id }
        people { nodes { id } }
        ofLegacy: people(legacyId: $legacy, name: "ann") { nodes { id } }
        personPath(fromId: $ann, toId: $cid) { relationship }
      }`,
      { ann: family.idOf('Ann'), cid: family.idOf('Cid'), legacy: family.legacyId },
    )
    expect(errors).toBeUndefined()
    expect(data).toEqual({
      person: null,
      people: { nodes: [] },
      ofLegacy: { nodes: [] },
      personPath: null,
    })
  })

  it('reads nothing through an entity reference or a cursor', async () => {
    const gql = await rig.as(mallory)
    const { data } = await gql(
      `query ($of: [_Any!]!, $after: String) {
        _entities(representations: $of) {
          ... on Person { name }
          ... on Relationship { kind }
          ... on Legacy { people { nodes { id } } }
          ... on Story { linked: people { id } }
        }
        people(after: $after) { nodes { id } }
      }`,
      {
        of: [
          { __typename: 'Person', id: family.idOf('Ann') },
          { __typename: 'Relationship', id: relationshipId },
          { __typename: 'Legacy', id: family.legacyId },
          { __typename: 'Story', id: storyId },
        ],
        after: Buffer.from(`c1:${family.idOf('Ann')}`).toString('base64url'),
      },
    )
    expect(data).toEqual({
      _entities: [null, null, { people: { nodes: [] } }, { linked: [] }],
      people: { nodes: [] },
    })
  })

  it('changes nothing by any id, alone or beside ids of its own', async () => {
    const gql = await rig.as(mallory)
    const legacyId = rig.stories.add('Legacy', mallory)
    const own = await plantFamily(gql, legacyId, ['Mal > Lory'])
    const ownStory = rig.stories.add('Story', mallory)
    const ownRows = await rig.look.rows(mallory)
    const [ann, bob, mal] = [family.idOf('Ann'), family.idOf('Bob'), own.idOf('Mal')]
    const attempts: readonly (readonly [string, object])[] = [
      [addPerson, { legacyId: family.legacyId, name: 'Eve' }],
      [addRelationship, { kind: 'PARTNER', fromId: ann, toId: bob }],
      [addRelationship, { kind: 'PARENT', fromId: ann, toId: mal }],
      [addRelationship, { kind: 'PARENT', fromId: mal, toId: ann }],
      [linkPersonToStory, { personId: ann, storyId }],
      [linkPersonToStory, { personId: ann, storyId: ownStory }],
      [linkPersonToStory, { personId: mal, storyId }],
      [
        importTree,
        {
          legacyId: family.legacyId,
          source: 'test',
          people: [{ externalId: 'Ann', name: 'Eve' }],
          relationships: [],
        },
      ],
    ]
    for (const [mutation, input] of attempts) {
      const { data, errors } = await gql(mutation, { input })
      expect(data).toBeFalsy()
      expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    }
    expect(await rig.look.rows(alice)).toEqual(before)
    expect(await rig.look.rows(mallory)).toEqual(ownRows)
  })

  it('may use the same source and external ids for people of its own', async () => {
    const gql = await rig.as(mallory)
    const own = await plantFamily(gql, rig.stories.add('Legacy', mallory), ['Ann > Bob'])
    expect(own.idOf('Ann')).not.toBe(family.idOf('Ann'))
    expect(await rig.look.rows(alice)).toEqual(before)
  })
})

it('answers 401 to a socket-less client that sends nonsense as a token', async () => {
  const { errors, status } = await graphqlClient(rig.url, newId())(anything)
  expect(status).toBe(401)
  expect(errors).toBeUndefined()
})

describe('a role on a legacy', () => {
  const held = (
    tenant: TenantContext,
    legacies: NonNullable<TenantContext['grants']>['legacies'],
  ): TenantContext =>
    testTenant({
      tenantId: tenant.tenantId,
      roles: [],
      grants: { version: 1, legacies, stories: {} },
    })
  const listed = async (gql: GraphQLClient, variables: object = {}) => {
    const document = `query ($first: Int, $after: String, $legacyId: ID) {
      people(first: $first, after: $after, legacyId: $legacyId) {
        nodes { id name } pageInfo { endCursor hasNextPage }
      }
    }`
    const { data } = await gql<{
      people: {
        nodes: { id: string; name: string }[]
        pageInfo: { endCursor: string | null; hasNextPage: boolean }
      }
    }>(document, { ...variables })
    if (!data) throw new Error('no people were listed')
    return data.people
  }

  it('shows the people of that legacy, in whole pages, and nobody else', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const [here, elsewhere] = [rig.stories.add('Legacy', tenant), rig.stories.add('Legacy', tenant)]
    await plantFamily(gql, elsewhere, ['Una > Vera', 'Vera > Wilma'])
    const family = await plantFamily(gql, here, ['Ann > Bob', 'Bob > Cleo'])
    const other = await plantFamily(gql, elsewhere, ['Xenia > Yves'])
    const viewer = await rig.as(held(tenant, { [here]: 'viewer' }))
    const first = await listed(viewer, { first: 2 })
    expect([first.nodes.length, first.pageInfo.hasNextPage]).toEqual([2, true])
    const rest = await listed(viewer, { first: 2, after: first.pageInfo.endCursor })
    expect([...first.nodes, ...rest.nodes].map(({ name }) => name).toSorted()).toEqual([
      'Ann',
      'Bob',
      'Cleo',
    ])
    expect(rest.pageInfo.hasNextPage).toBe(false)
    expect((await listed(viewer, { legacyId: elsewhere })).nodes).toEqual([])
    const path = { fromId: family.idOf('Ann'), toId: other.idOf('Xenia') }
    expect((await viewer(personPath, path)).data).toEqual({ personPath: null })
    expect((await listed(await rig.as(held(tenant, {})))).nodes).toEqual([])
    // The same grant in another tenant: its rows are not there.
    const stranger = await rig.as(held(testTenant(), { [here]: 'owner' }))
    expect((await listed(stranger)).nodes).toEqual([])
  })

  it('lets its editors write there, and nowhere else, and learn nothing of others', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const [here, elsewhere] = [rig.stories.add('Legacy', tenant), rig.stories.add('Legacy', tenant)]
    const family = await plantFamily(gql, here, ['Ann > Bob'])
    const other = await plantFamily(gql, elsewhere, ['Secret > Hidden'])
    const editor = await rig.as(held(tenant, { [here]: 'editor' }))
    const codeOf = async (document: string, input: object) => {
      const { errors } = await editor(document, { input })
      expect(JSON.stringify(errors ?? [])).not.toMatch(/Secret|Hidden/)
      return errors?.[0]?.extensions?.code
    }
    expect(await codeOf(addPerson, { legacyId: here, name: 'Dora', sex: 'FEMALE' })).toBeUndefined()
    expect(await codeOf(addPerson, { legacyId: elsewhere, name: 'Dora', sex: 'FEMALE' })).toBe(
      'FORBIDDEN',
    )
    const tie = { kind: 'PARTNER', fromId: family.idOf('Ann') }
    expect(await codeOf(addRelationship, { ...tie, toId: other.idOf('Secret') })).toBe('FORBIDDEN')
    const batch = { source: 'x', people: [], relationships: [] }
    expect(await codeOf(importTree, { legacyId: elsewhere, ...batch })).toBe('FORBIDDEN')
    const storyId = rig.stories.add('Story', tenant, elsewhere)
    expect(await codeOf(linkPersonToStory, { personId: other.idOf('Secret'), storyId })).toBe(
      'FORBIDDEN',
    )
  })
})
