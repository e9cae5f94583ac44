import { UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { internalIssuer, tenantClaims } from '@heirloom/tenancy'
import { graphqlClient, testTenant } from '@heirloom/testkit'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  publishStory,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

describe('another tenant', () => {
  it('gets nothing by any query, by any reference, or by a cursor', async () => {
    const mine = testTenant()
    const gql = await rig.as(mine)
    const legacyId = await createLegacy(gql, 'The Smiths')
    const story = await publishStory(gql, await createStory(gql, legacyId))
    const read = await gql<{
      story: { revisions: { nodes: { id: string }[] } }
      stories: { pageInfo: { endCursor: string } }
    }>(
      `query ($id: ID!) {
        story(id: $id) { revisions { nodes { id } } }
        stories { pageInfo { endCursor } }
      }`,
      { id: story.id },
    )

    const stranger = await rig.as(testTenant())
    const { data, errors } = await stranger(
      `query ($legacyId: ID!, $storyId: ID!, $authorId: ID!, $after: String, $of: [_Any!]!) {
        legacy(id: $legacyId) { id }
        bySlug: legacy(slug: "the-smiths") { id }
        legacies { nodes { id } }
        story(id: $storyId) { id }
        stories { nodes { id } }
        ofLegacy: stories(filter: { legacyId: $legacyId }) { nodes { id } }
        ofAuthor: stories(filter: { authorId: $authorId }) { nodes { id } }
        after: stories(after: $after) { nodes { id } }
        _entities(representations: $of) { __typename }
      }`,
      {
        legacyId,
        storyId: story.id,
        authorId: mine.actor.id,
        after: read.data?.stories.pageInfo.endCursor,
        of: [
          { __typename: 'Tenant', id: mine.tenantId },
          { __typename: 'User', id: mine.actor.id },
          { __typename: 'Legacy', id: legacyId },
          { __typename: 'Story', id: story.id },
          { __typename: 'Revision', id: read.data?.story.revisions.nodes[0]?.id },
        ],
      },
    )
    expect(errors).toBeUndefined()
    const none = { nodes: [] }
    expect(data).toEqual({
      legacy: null,
      bySlug: null,
      legacies: none,
      story: null,
      stories: none,
      ofLegacy: none,
      ofAuthor: none,
      after: none,
      _entities: [null, null, null, null, null],
    })
  })

  it('changes nothing by any mutation, and learns nothing from the answer', async () => {
    const mine = testTenant()
    const gql = await rig.as(mine)
    const legacyId = await createLegacy(gql)
    const { id } = await createStory(gql, legacyId)
    const before = await rig.counts(mine)
    const strangers = testTenant()
    const stranger = await rig.as(strangers)
    const requests = [
      [documents.createStory, { legacyId, title: 'A', body: 'B' }],
      [documents.updateStory, { id, expectedRevision: 1, body: 'B' }],
      [documents.publishStory, { id, expectedRevision: 1 }],
      [documents.deleteStory, { id, expectedRevision: 1 }],
    ] as const
    for (const [document, input] of requests) {
      const { data, errors } = await stranger(document, { input })
      expect(data).toBeNull()
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    }
    expect(await rig.counts(mine)).toEqual(before)
    expect(await rig.counts(strangers)).toMatchObject({ story: 0, outbox: 0, idempotency: 0 })
  })

  it('may take the same slug, which is unique in a tenant only', async () => {
    const [one, two] = [await rig.as(testTenant()), await rig.as(testTenant())]
    const input = { title: 'The Smiths', slug: 'smiths' }
    for (const gql of [one, two]) {
      expect(await gql(documents.createLegacy, { input })).toMatchObject({
        data: { createLegacy: { legacy: { slug: 'smiths' } } },
      })
    }
    const { errors } = await one(documents.createLegacy, { input })
    expect(errors).toMatchObject([{ extensions: { code: 'CONFLICT', details: { field: 'slug' } } }])
  })
})

describe('a request whose token does not prove who asks', () => {
  const query = '{ viewer { user { id } } }'

  it.each([
    ['no token', 'UNAUTHENTICATED', async () => undefined],
    ['no token at all in it', 'UNAUTHENTICATED', async () => 'a b'],
    ['not a token', 'TOKEN_INVALID', async () => 'abc.def.ghi'],
    [
      'expired',
      'TOKEN_EXPIRED',
      () => rig.keys.token('stories', testTenant(), () => Date.now() - 120_000),
    ],
    ['for another audience', 'TOKEN_INVALID', () => rig.keys.token('graph', testTenant())],
    [
      'alg none',
      'TOKEN_INVALID',
      async () =>
        new UnsecuredJWT(tenantClaims(testTenant()))
          .setIssuer(internalIssuer)
          .setAudience('stories')
          .setIssuedAt()
          .setExpirationTime('1m')
          .encode(),
    ],
  ])('is answered 401: %s', async (_title, code, token) => {
    const response = await fetch(rig.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await token()}` },
      body: JSON.stringify({ query }),
      ...((await token()) === undefined && { headers: { 'content-type': 'application/json' } }),
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code, http_status: 401 } })
  })

  it('cannot choose a tenant by a header or by the body', async () => {
    const mine = testTenant()
    await createLegacy(await rig.as(mine))
    const response = await fetch(rig.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await rig.keys.token('stories', testTenant())}`,
        'x-tenant-id': mine.tenantId,
      },
      body: JSON.stringify({
        query: '{ legacies { nodes { id } } }',
        extensions: { tenant_id: mine.tenantId },
      }),
    })
    expect(await response.json()).toEqual({ data: { legacies: { nodes: [] } } })
  })
})

describe('the viewer', () => {
  it('is the actor of the token, and becomes known to their tenant by asking', async () => {
    const tenant = testTenant({ roles: ['viewer', 'contributor'] })
    const gql = await rig.as(tenant)
    const query = '{ viewer { tenant { id name createdAt } user { id displayName } roles } }'
    const first = await gql(query)
    expect(first.data).toEqual({
      viewer: {
        tenant: {
          id: tenant.tenantId,
          name: tenant.tenantId,
          createdAt: expect.stringMatching(/Z$/),
        },
        user: { id: tenant.actor.id, displayName: 'Test User' },
        roles: ['VIEWER', 'CONTRIBUTOR'],
      },
    })
    expect((await gql(query)).data).toEqual(first.data)

    const renamed = { ...tenant, actor: { ...tenant.actor, name: 'Ada' } }
    await (
      await rig.as(renamed)
    )(query)
    const { data } = await (
      await rig.as(colleague(tenant, 'viewer'))
    )('query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { displayName } } }', {
      of: [{ __typename: 'User', id: tenant.actor.id }],
    })
    expect(data).toEqual({ _entities: [{ displayName: 'Ada' }] })
  })

  it('is known even when a hundred first requests arrive at once', async () => {
    const tenant = testTenant()
    const gql = graphqlClient(rig.url, await rig.keys.token('stories', tenant))
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => gql('{ viewer { user { id } tenant { id } } }')),
    )
    for (const { data } of answers) {
      expect(data).toEqual({
        viewer: { user: { id: tenant.actor.id }, tenant: { id: tenant.tenantId } },
      })
    }
  })

  it('is resolved as a reference before anything was written', async () => {
    const tenant = testTenant()
    const { data } = await (
      await rig.as(tenant)
    )(
      `query ($of: [_Any!]!) {
        _entities(representations: $of) { ... on User { displayName } ... on Tenant { name } }
      }`,
      {
        of: [
          { __typename: 'User', id: tenant.actor.id },
          { __typename: 'Tenant', id: tenant.tenantId },
        ],
      },
    )
    expect(data).toEqual({ _entities: [{ displayName: 'Test User' }, { name: tenant.tenantId }] })
  })
})
