import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMatrix, scopes, type Cell } from '@heirloom/authz/testing'
import { memberRoles, type TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { documents, startStoriesRig, createLegacy, type StoriesRig } from './testing/stories-rig.js'

// The reading of stories as matrix.txt says it, through the subgraph: what is listed, what is read
// by id, and what is changed.

const cells = readMatrix().filter(({ kind }) => kind === 'Story')
const byRole = scopes.flatMap((scope) => memberRoles.map((role) => [role, scope] as const))

interface Sample {
  readonly id: string
  readonly cell: Cell
}

describe('the matrix, through the stories subgraph', () => {
  let rig: StoriesRig
  let owner: TenantContext
  let self: TenantContext
  let legacyId: string
  let samples: readonly Sample[]

  beforeAll(async () => {
    rig = await startStoriesRig()
    owner = testTenant()
    self = testTenant({ tenantId: owner.tenantId, roles: ['contributor'] })
    for (const each of [owner, self]) await (await rig.as(each))('{ viewer { user { id } } }')
    legacyId = await createLegacy(await rig.as(owner))
    const wanted = cells.filter(
      ({ action, scope, role }) =>
        action === 'story:read' && scope === 'tenant' && role === 'owner',
    )
    const ids = await rig.addStoriesIn(
      owner,
      legacyId,
      wanted.map(({ isOwn, state = 'DRAFT', level = 'TENANT' }) => ({
        authorId: (isOwn ? self : owner).actor.id,
        state,
        level,
      })),
    )
    samples = wanted.map((cell, index) => ({ id: ids[index] ?? '', cell }))
  })
  afterAll(() => rig.close())

  function actorWith(role: Cell['role'], scope: Cell['scope']): TenantContext {
    const storyGrants = samples.map(({ id }) => [id, { legacyId, role }] as const)
    return {
      ...self,
      roles: scope === 'tenant' ? [role] : [],
      grants: {
        version: 1,
        legacies: scope === 'legacy' ? { [legacyId]: role } : {},
        stories: scope === 'story' ? Object.fromEntries(storyGrants) : {},
      },
    }
  }
  const expected = (action: Cell['action'], { cell }: Sample, as: Pick<Cell, 'role' | 'scope'>) =>
    cells.find(
      (other) =>
        other.action === action &&
        other.isOwn === cell.isOwn &&
        other.state === cell.state &&
        other.level === cell.level &&
        other.role === as.role &&
        other.scope === as.scope,
    )?.allowed

  it.each(byRole)('a %s of the %s lists and reads what it says', async (role, scope) => {
    const gql = await rig.as(actorWith(role, scope))
    const wanted = samples.filter((sample) => expected('story:read', sample, { role, scope }))
    const { data } = await gql<{ stories: { nodes: { id: string }[] } }>(
      '{ stories(first: 100) { nodes { id } } }',
    )
    expect(data?.stories.nodes.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id))
    for (const sample of samples.filter((_sample, index) => index % 4 === 0)) {
      const one = await gql<{ story: object | null }>(documents.story, { id: sample.id })
      expect([sample, one.data?.story !== null]).toEqual([sample, wanted.includes(sample)])
    }
  })

  it.each(byRole)('a %s of the %s changes what it says', async (role, scope) => {
    const gql = await rig.as(actorWith(role, scope))
    for (const sample of samples.filter(({ cell }) => cell.level === 'LEGACY')) {
      const input = { id: sample.id, expectedRevision: 0, title: 'Never written' }
      const { data, errors } = await gql<{ updateStory: { __typename: string } }>(
        documents.updateStory,
        { input },
      )
      // Whoever may change it is told that revision 0 is not the current one.
      const outcome = data?.updateStory.__typename ?? errors?.[0]?.extensions?.code
      const may = expected('story:update', sample, { role, scope })
      expect(may ? ['StaleRevision'] : ['FORBIDDEN', 'NOT_FOUND']).toContain(outcome)
    }
  })
})
