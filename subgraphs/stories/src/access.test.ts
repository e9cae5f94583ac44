import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { memberRoles, type MemberRole, type TenantContext } from '@heirloom/tenancy'
import { createIds, testTenant, type GraphQLClient } from '@heirloom/testkit'
import {
  accessDocuments,
  asNow,
  clientOf,
  codeOf,
  member,
  setRole,
} from './testing/access-documents.js'
import {
  createLegacy,
  createStory,
  documents,
  publishStory,
  startStoriesRig,
  type StoriesRig,
  type StoryAnswer,
} from './testing/stories-rig.js'

const { access, removeRole: removeDocument, setRole: setDocument } = accessDocuments

describe('roles', () => {
  let rig: StoriesRig
  let owner: TenantContext
  let asOwner: GraphQLClient
  let legacyId: string
  let draft: StoryAnswer

  beforeAll(async () => {
    rig = await startStoriesRig()
  })
  afterAll(() => rig.close())
  beforeEach(async () => {
    owner = testTenant()
    await asNow(rig, owner)
    asOwner = await rig.as(owner)
    legacyId = await createLegacy(asOwner)
    draft = await createStory(asOwner, legacyId)
  })

  const reads = async (who: TenantContext, id = draft.id): Promise<boolean> => {
    const { data } = await (await clientOf(rig, who))<{ story: unknown }>(documents.story, { id })
    return data?.story !== null
  }
  const rolesOf = async (who: TenantContext) => (await asNow(rig, who)).roles

  describe('at tenant scope', () => {
    it('are what the identity provider says until somebody says otherwise here', async () => {
      const ada = await member(rig, owner, ['viewer'])
      expect(await rolesOf(ada)).toEqual(['viewer'])
      await setRole(asOwner, ada, 'editor')
      expect(await rolesOf(ada)).toEqual(['editor'])
      expect(await reads(ada)).toBe(true)
      await asOwner(removeDocument, { input: { userId: ada.actor.id } })
      expect(await rolesOf(ada)).toEqual([])
      expect(await reads(ada)).toBe(false)
    })

    it('of an operator stay beside what is said here', async () => {
      const ada = await member(rig, owner, ['viewer', 'operator'])
      await asOwner(removeDocument, { input: { userId: ada.actor.id } })
      expect(await rolesOf(ada)).toEqual(['operator'])
    })

    it('are listed for owners, page by page', async () => {
      const others = await Promise.all([member(rig, owner, ['viewer']), member(rig, owner)])
      await setRole(asOwner, others[1], 'contributor')
      const { data } = await asOwner(access, {})
      expect(data).toMatchObject({
        access: {
          nodes: [
            { role: 'OWNER', source: 'PROVIDER', user: { id: owner.actor.id } },
            { role: 'VIEWER', source: 'PROVIDER', user: { id: others[0].actor.id } },
            { role: 'CONTRIBUTOR', source: 'GRANTED', user: { id: others[1].actor.id } },
          ],
        },
      })
      const page = await asOwner<{ access: { pageInfo: object } }>(access, { first: 2 })
      expect(page.data?.access.pageInfo).toMatchObject({ hasNextPage: true })
      const viewer = await clientOf(rig, others[0])
      expect((await viewer(access, {})).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    })

    it.each(['editor', 'contributor', 'viewer'] as const)(
      'are not for a %s to give',
      async (role) => {
        const giver = await clientOf(rig, await member(rig, owner, [role]))
        const ada = await member(rig, owner)
        const input = { userId: ada.actor.id, role: 'VIEWER' }
        expect(await codeOf(giver, setDocument, input)).toBe('FORBIDDEN')
        expect(await codeOf(giver, removeDocument, { userId: owner.actor.id })).toBe('FORBIDDEN')
        expect(await rolesOf(ada)).toEqual([])
      },
    )

    it('are given to nobody who is unknown', async () => {
      const input = { userId: 'nobody', role: 'VIEWER' }
      expect(await codeOf(asOwner, setDocument, input)).toBe('NOT_FOUND')
    })
  })

  describe('of the last owner', () => {
    it('cannot be taken, lowered or given up', async () => {
      const userId = owner.actor.id
      expect(await codeOf(asOwner, removeDocument, { userId })).toBe('LAST_OWNER')
      expect(await codeOf(asOwner, setDocument, { userId, role: 'EDITOR' })).toBe('LAST_OWNER')
      expect(await rolesOf(owner)).toEqual(['owner'])
    })

    it('can be given up once there is another', async () => {
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'owner')
      expect(await codeOf(asOwner, removeDocument, { userId: owner.actor.id })).toBeUndefined()
      expect(await rolesOf(owner)).toEqual([])
      const left = await clientOf(rig, ada)
      expect(await codeOf(left, removeDocument, { userId: ada.actor.id })).toBe('LAST_OWNER')
    })

    // Invariant: a tenant that has an owner keeps one, whoever leaves at once.
    it('is kept when all owners leave at the same moment', async () => {
      const owners = [owner]
      for (let n = 0; n < 4; n += 1) {
        const another = await member(rig, owner)
        await setRole(asOwner, another, 'owner')
        owners.push(another)
      }
      const codes = await Promise.all(
        owners.map(async (each) =>
          codeOf(await rig.as(each === owner ? each : await asNow(rig, each)), removeDocument, {
            userId: each.actor.id,
          }),
        ),
      )
      expect(codes.filter((code) => code === undefined)).toHaveLength(owners.length - 1)
      expect(codes.filter((code) => code === 'LAST_OWNER')).toHaveLength(1)
    })

    it('is kept when two owners remove each other at the same moment', async () => {
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'owner')
      const asAda = await clientOf(rig, ada)
      const codes = await Promise.all([
        codeOf(asOwner, removeDocument, { userId: ada.actor.id }),
        codeOf(asAda, removeDocument, { userId: owner.actor.id }),
      ])
      // Whoever comes second is no owner any more.
      expect(new Set(codes)).toEqual(new Set([undefined, 'FORBIDDEN']))
    })
  })

  describe('on a legacy', () => {
    it('open that legacy and nothing else', async () => {
      const elsewhere = await createLegacy(asOwner, 'The Others')
      const theirs = await publishStory(asOwner, await createStory(asOwner, elsewhere))
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'editor', { legacyId })
      const gql = await clientOf(rig, ada)
      const { data } = await gql(`{
        legacies { nodes { id stories { nodes { id author { id } } } } } stories { nodes { id } }
      }`)
      expect(data).toEqual({
        legacies: {
          nodes: [
            {
              id: legacyId,
              stories: { nodes: [{ id: draft.id, author: { id: owner.actor.id } }] },
            },
          ],
        },
        stories: { nodes: [{ id: draft.id }] },
      })
      expect(await reads(ada, theirs.id)).toBe(false)
      expect((await publishStory(gql, draft)).status).toBe('PUBLISHED')
      const input = { legacyId: elsewhere, title: 'x', body: 'y' }
      expect(await codeOf(gql, documents.createStory, input)).toBe('FORBIDDEN')
      expect(await codeOf(gql, documents.createLegacy, { title: 'Mine' })).toBe('FORBIDDEN')
    })

    it('show a viewer what is published, also to the legacy alone', async () => {
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'viewer', { legacyId })
      expect(await reads(ada)).toBe(false)
      const published = await publishStory(asOwner, draft)
      expect(await reads(ada)).toBe(true)
      await asOwner(accessDocuments.setStoryLevel, {
        input: { id: draft.id, expectedRevision: published.revision, level: 'LEGACY' },
      })
      expect(await reads(ada)).toBe(true)
      expect(await reads(await member(rig, owner, ['viewer']))).toBe(false)
    })

    it.each(memberRoles)('let an owner of it give %s, and nobody below it', async (role) => {
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, role, { legacyId })
      const gql = await clientOf(rig, ada)
      const bob = await member(rig, owner)
      for (const given of memberRoles) {
        const input = { userId: bob.actor.id, role: given.toUpperCase(), scope: { legacyId } }
        const expected = role === 'owner' ? undefined : 'FORBIDDEN'
        expect(await codeOf(gql, setDocument, input)).toBe(expected)
      }
      const atTenant = { userId: bob.actor.id, role: 'VIEWER' }
      expect(await codeOf(gql, setDocument, atTenant)).toBe('FORBIDDEN')
    })

    it('are bounded in number', async () => {
      const ada = await member(rig, owner)
      const many = await rig.addGrants(owner, ada, legacyId, 200)
      const input = { userId: ada.actor.id, role: 'VIEWER', scope: { legacyId } }
      expect(await codeOf(asOwner, setDocument, input)).toBe('CONFLICT')
      const other = { ...input, scope: { storyId: many[0] } }
      expect(await codeOf(asOwner, setDocument, other)).toBeUndefined()
    })
  })

  describe('on a story', () => {
    it('show it, its legacy’s name and its author to a guest, and nothing else', async () => {
      const other = await publishStory(asOwner, await createStory(asOwner, legacyId))
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'viewer', { storyId: draft.id })
      const gql = await clientOf(rig, ada)
      const { data, errors } = await gql(`{
        stories { nodes { id legacy { id title } author { id } } } legacies { nodes { id } }
      }`)
      expect(errors).toBeUndefined()
      expect(data).toEqual({
        stories: {
          nodes: [
            {
              id: draft.id,
              legacy: { id: legacyId, title: 'The Smiths' },
              author: { id: owner.actor.id },
            },
          ],
        },
        legacies: { nodes: [{ id: legacyId }] },
      })
      expect(await reads(ada, other.id)).toBe(false)
      const update = { id: draft.id, expectedRevision: 1, title: 'Mine now' }
      expect(await codeOf(gql, documents.updateStory, update)).toBe('FORBIDDEN')
    })

    it.each([
      ['contributor', true, false],
      ['editor', true, false],
      ['owner', true, false],
    ] as const)('let a %s change the draft: %s; publish it: %s', async (role, may, publishes) => {
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, role, { storyId: draft.id })
      const gql = await clientOf(rig, ada)
      const update = { id: draft.id, expectedRevision: 1, title: 'Ours' }
      expect((await codeOf(gql, documents.updateStory, update)) === undefined).toBe(may)
      const publish = { id: draft.id, expectedRevision: 2 }
      expect((await codeOf(gql, documents.publishStory, publish)) === undefined).toBe(publishes)
    })

    it('are given by its author, up to contributor', async () => {
      const author = await member(rig, owner, ['contributor'])
      const gql = await clientOf(rig, author)
      const own = await createStory(gql, legacyId)
      const ada = await member(rig, owner)
      const give = (role: MemberRole, storyId: string) =>
        codeOf(gql, setDocument, {
          userId: ada.actor.id,
          role: role.toUpperCase(),
          scope: { storyId },
        })
      expect(await give('viewer', own.id)).toBeUndefined()
      expect(await reads(ada, own.id)).toBe(true)
      expect(await give('contributor', own.id)).toBeUndefined()
      expect(await give('editor', own.id)).toBe('FORBIDDEN')
      // Somebody else's draft is as unknown as none at all.
      expect(await give('viewer', draft.id)).toBe('NOT_FOUND')
    })

    it('of somebody who has more are not an author’s to take', async () => {
      const author = await member(rig, owner, ['contributor'])
      const gql = await clientOf(rig, author)
      const own = await createStory(gql, legacyId)
      const ada = await member(rig, owner)
      await setRole(asOwner, ada, 'owner', { storyId: own.id })
      const scope = { storyId: own.id }
      const lower = { userId: ada.actor.id, role: 'VIEWER', scope }
      expect(await codeOf(gql, setDocument, lower)).toBe('FORBIDDEN')
      expect(await codeOf(gql, removeDocument, { userId: ada.actor.id, scope })).toBe('FORBIDDEN')
    })
  })

  it('may be given up by whoever has them', async () => {
    const ada = await member(rig, owner)
    await setRole(asOwner, ada, 'viewer', { legacyId })
    const gql = await clientOf(rig, ada)
    const input = { userId: ada.actor.id, scope: { legacyId } }
    expect((await gql(removeDocument, { input })).data).toEqual({ removeRole: { removed: true } })
    expect((await asNow(rig, ada)).grants?.legacies).toEqual({})
  })

  it('that were taken cannot be used to give, however fresh the token still is', async () => {
    const ada = await member(rig, owner)
    await setRole(asOwner, ada, 'owner')
    const stale = await clientOf(rig, ada)
    await asOwner(removeDocument, { input: { userId: ada.actor.id } })
    const bob = await member(rig, owner)
    const input = { userId: bob.actor.id, role: 'OWNER' }
    expect(await codeOf(stale, setDocument, input)).toBe('FORBIDDEN')
  })

  it('raise the version with every change, and with nothing else', async () => {
    const version = async () => (await asNow(rig, owner)).grants?.version ?? -1
    const before = await version()
    expect(await version()).toBe(before)
    const ada = await member(rig, owner)
    await setRole(asOwner, ada, 'viewer')
    expect(await version()).toBeGreaterThan(before)
  })

  it('of another tenant are out of reach, by every path', async () => {
    const stranger = testTenant()
    const gql = await clientOf(rig, stranger)
    const ada = await member(rig, owner)
    const userId = ada.actor.id
    for (const scope of [{ legacyId }, { storyId: draft.id }]) {
      const input = { userId, role: 'OWNER', scope }
      expect(await codeOf(gql, setDocument, input)).toBe('NOT_FOUND')
      expect(await codeOf(gql, removeDocument, { userId, scope })).toBe('NOT_FOUND')
      const { errors } = await gql(access, { scope })
      expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    }
    expect(await codeOf(gql, setDocument, { userId, role: 'OWNER' })).toBe('NOT_FOUND')
    const mine = await gql<{ access: { nodes: readonly unknown[] } }>(access, {})
    expect(mine.data?.access.nodes).toHaveLength(1)
    expect((await asNow(rig, ada)).grants).toMatchObject({ legacies: {}, stories: {} })
    // A forged grant on what another tenant has opens nothing: its rows are not there to be found.
    const grants = {
      version: 1,
      legacies: { [legacyId]: 'owner' as const },
      stories: { [draft.id]: { legacyId, role: 'owner' as const } },
    }
    const forged = await rig.as({ ...stranger, roles: [], grants })
    const { data } = await forged('{ legacies { nodes { id } } stories { nodes { id } } }')
    expect(data).toEqual({ legacies: { nodes: [] }, stories: { nodes: [] } })
  })

  it.each([
    [{ legacyId: 'x', storyId: 'y' }, 'INVALID_INPUT'],
    [{ legacyId: createIds()() }, 'NOT_FOUND'],
    [{ storyId: 'no id' }, 'NOT_FOUND'],
  ])('at a scope that is none are refused: %j', async (scope, code) => {
    const input = { userId: owner.actor.id, role: 'VIEWER', scope }
    expect(await codeOf(asOwner, setDocument, input)).toBe(code)
  })
})
