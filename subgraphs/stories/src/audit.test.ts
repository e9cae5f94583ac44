import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAudit, sealOnce, type AuditEntry } from '@heirloom/audit'
import { createDatabase } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { accessDocuments, clientOf, member } from './testing/access-documents.js'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  publishStory,
  run,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

const source = { ip: '203.0.113.7', userAgent: 'Mozilla/5.0' }
const fields = `id occurredAt service actor plugin roles action resource { kind id } outcome code
  sourceIp userAgent correlationId seal { position hash previousHash }`
const query = `query ($first: Int, $after: String, $actor: String, $action: String, $resource: ID,
    $outcome: AuditOutcome, $from: DateTime, $until: DateTime) {
  audit { stories(first: $first, after: $after, actor: $actor, action: $action,
    resource: $resource, outcome: $outcome, from: $from, until: $until) {
      nodes { ${fields} } pageInfo { endCursor hasNextPage } } }
}`

interface Page {
  readonly nodes: readonly AuditEntry[]
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean }
}

async function log(as: TenantContext, variables: Record<string, unknown> = {}): Promise<Page> {
  const gql = await rig.as(as)
  const { data, errors } = await gql<{ audit: { stories: Page } }>(query, variables)
  if (data === null || data === undefined || errors !== undefined) {
    throw new Error(JSON.stringify(errors))
  }
  return data.audit.stories
}

const actionsOf = ({ nodes }: Page) => nodes.map(({ action }) => action)

describe('the audit log of the stories', () => {
  it('tells of every write: who, what, from where, in which request', async () => {
    const owner = testTenant({ source, roles: ['owner', 'editor'], plugin: 'letters' })
    const gql = await rig.as(owner)
    const legacyId = await createLegacy(gql)
    const story = await createStory(gql, legacyId)
    const { story: changed } = await run<{ story: typeof story }>(gql, documents.updateStory, {
      id: story.id,
      expectedRevision: 1,
      body: 'It snowed.',
    })
    const published = await publishStory(gql, changed)
    await run(gql, documents.deleteStory, { id: story.id, expectedRevision: published.revision })

    const { nodes } = await log(owner)
    expect(nodes.map(({ action, resource }) => [action, resource])).toEqual([
      ['story:delete', { kind: 'Story', id: story.id }],
      ['story:publish', { kind: 'Story', id: story.id }],
      ['story:update', { kind: 'Story', id: story.id }],
      ['story:create', { kind: 'Story', id: story.id }],
      ['legacy:create', { kind: 'Legacy', id: legacyId }],
    ])
    expect(nodes[0]).toEqual({
      id: expect.any(String),
      occurredAt: expect.stringMatching(/^\d{4}-.*Z$/),
      service: 'stories',
      actor: `user:${owner.actor.id}`,
      plugin: 'letters',
      roles: ['owner', 'editor'],
      action: 'story:delete',
      resource: { kind: 'Story', id: story.id },
      outcome: 'DONE',
      code: null,
      sourceIp: source.ip,
      userAgent: source.userAgent,
      correlationId: owner.requestId,
      seal: null,
    })
  })

  it('tells of nothing that was not written: reads, repeats, stale and bad input', async () => {
    const owner = testTenant()
    const gql = await rig.as(owner)
    const input = { title: 'The Smiths', idempotencyKey: 'k1' }
    await run(gql, documents.createLegacy, input)
    await run(gql, documents.createLegacy, input)
    await gql('{ viewer { user { id } } legacies { nodes { id } } }')
    const legacyId = await createLegacy(gql, 'Another')
    const story = await createStory(gql, legacyId)
    await gql(documents.updateStory, { input: { id: story.id, expectedRevision: 9, body: 'x' } })
    await gql(documents.createStory, { input: { legacyId, title: ' ', body: 'x' } })
    expect(actionsOf(await log(owner))).toEqual(['story:create', 'legacy:create', 'legacy:create'])
  })

  it('tells of every change of access, and never the secret of an invitation', async () => {
    const owner = testTenant()
    const gql = await clientOf(rig, owner)
    const other = await member(rig, owner)
    const { setRole, removeRole, invite, accept, revoke } = accessDocuments
    await run(gql, setRole, { userId: other.actor.id, role: 'EDITOR' })
    await run(gql, removeRole, { userId: other.actor.id })
    interface Invited {
      readonly secret: string
      readonly invitation: { readonly id: string }
    }
    const email = 'anne@example.org'
    const taken = await run<Invited>(gql, invite, { email, role: 'VIEWER' })
    const { actor, ...rest } = testTenant({ tenantId: owner.tenantId, roles: [] })
    const anne = { ...rest, actor: { ...actor, email } }
    await run(await clientOf(rig, anne), accept, { secret: taken.secret })
    const revoked = await run<Invited>(gql, invite, { email, role: 'VIEWER' })
    await run(gql, revoke, { id: revoked.invitation.id })
    await gql(accept, { input: { secret: taken.secret } })

    const page = await log(owner)
    expect(
      page.nodes.map(({ action, resource, outcome }) => [action, resource.id, outcome]),
    ).toEqual([
      ['invitation:accept', null, 'DENIED'],
      ['invitation:revoke', revoked.invitation.id, 'DONE'],
      ['invitation:create', revoked.invitation.id, 'DONE'],
      ['role:set', actor.id, 'DONE'],
      ['invitation:accept', taken.invitation.id, 'DONE'],
      ['invitation:create', taken.invitation.id, 'DONE'],
      ['role:remove', other.actor.id, 'DONE'],
      ['role:set', other.actor.id, 'DONE'],
    ])
    expect(JSON.stringify(page)).not.toContain(taken.secret)
  })

  it('tells of writes that were denied, with action and code', async () => {
    const owner = testTenant()
    const gql = await rig.as(owner)
    const legacyId = await createLegacy(gql)
    const draft = await createStory(gql, legacyId)
    const story = await publishStory(gql, await createStory(gql, legacyId))
    const viewer = { ...colleague(owner, 'viewer'), source }
    const theirs = await rig.as(viewer)
    await theirs(documents.createLegacy, { input: { title: 'Mine' } })
    await theirs(documents.updateStory, {
      input: { id: story.id, expectedRevision: 2, body: 'x' },
    })
    await theirs(documents.deleteStory, { input: { id: draft.id, expectedRevision: 1 } })
    await theirs(documents.createStory, { input: { legacyId, title: 'x', body: 'x' } })
    const { nodes } = await log(owner, { outcome: 'DENIED' })
    expect(
      nodes.map(({ actor, action, resource, code }) => [actor, action, resource, code]),
    ).toEqual([
      [`user:${viewer.actor.id}`, 'story:create', { kind: 'Legacy', id: legacyId }, 'FORBIDDEN'],
      [`user:${viewer.actor.id}`, 'story:delete', { kind: 'Story', id: draft.id }, 'NOT_FOUND'],
      [`user:${viewer.actor.id}`, 'story:update', { kind: 'Story', id: story.id }, 'FORBIDDEN'],
      [`user:${viewer.actor.id}`, 'legacy:create', { kind: 'Tenant', id: null }, 'FORBIDDEN'],
    ])
    expect(nodes[0]).toMatchObject({ sourceIp: source.ip, userAgent: source.userAgent })
  })

  it('is read page by page, and by actor, action, resource and time', async () => {
    const owner = testTenant()
    const legacyId = await createLegacy(await rig.as(owner))
    const editor = colleague(owner, 'editor')
    const gql = await rig.as(editor)
    const story = await createStory(gql, legacyId)
    const published = await publishStory(gql, story)
    await run(gql, documents.deleteStory, { id: story.id, expectedRevision: published.revision })
    const all = await log(owner)
    expect(actionsOf(all)).toHaveLength(4)

    const first = await log(owner, { first: 3 })
    expect(first.pageInfo.hasNextPage).toBe(true)
    const rest = await log(owner, { first: 3, after: first.pageInfo.endCursor })
    expect([...first.nodes, ...rest.nodes]).toEqual(all.nodes)
    expect(rest.pageInfo.hasNextPage).toBe(false)

    const by = (variables: Record<string, unknown>) => log(owner, variables).then(actionsOf)
    expect(await by({ actor: `user:${owner.actor.id}` })).toEqual(['legacy:create'])
    expect(await by({ actor: `user:${editor.actor.id}`, action: 'story:publish' })).toEqual([
      'story:publish',
    ])
    expect(await by({ resource: legacyId })).toEqual(['legacy:create'])
    expect(await by({ resource: 'x\u0000' })).toEqual([])
    const at = all.nodes[2]?.occurredAt ?? ''
    const atMs = new Date(at).getTime()
    expect(await by({ from: new Date(atMs + 60_000).toISOString() })).toEqual([])
    expect(await by({ until: new Date(atMs + 60_000).toISOString() })).toHaveLength(4)
    expect(await by({ until: new Date(atMs - 60_000).toISOString() })).toEqual([])
  })

  it('shows the place of an entry once it is sealed, in a chain that holds', async () => {
    const owner = testTenant()
    const gql = await rig.as(owner)
    await createLegacy(gql, 'One')
    await createLegacy(gql, 'Two')
    const worker = createDatabase({ url: rig.database.workerUrl, applicationName: 'test' })
    await sealOnce(worker, 1_000)
    await worker.close()
    const { nodes } = await log(owner)
    expect(nodes.map(({ seal }) => seal?.position)).toEqual([2, 1])
    expect(nodes[0]?.seal?.previousHash).toBe(nodes[1]?.seal?.hash)
    const opened = await openAudit(rig.database.workerUrl)
    expect(await opened.verify({ onFinding: () => undefined })).toMatchObject({ findings: 0 })
    await opened.close()
  })
})

describe('who reads the audit log', () => {
  it.each(['viewer', 'contributor', 'editor', 'operator'] as const)(
    'is no %s of the tenant',
    async (role) => {
      const owner = testTenant()
      await createLegacy(await rig.as(owner))
      const { data, errors } = await (await rig.as(colleague(owner, role)))(query)
      expect(data).toEqual({ audit: { stories: null } })
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    },
  )

  it('is no owner of another tenant: they get nothing, by no condition and no cursor', async () => {
    const owner = testTenant()
    const legacyId = await createLegacy(await rig.as(owner))
    await createLegacy(await rig.as(owner), 'Another')
    const { pageInfo } = await log(owner, { first: 1 })
    const stranger = testTenant()
    for (const variables of [
      {},
      { after: pageInfo.endCursor },
      { resource: legacyId },
      { actor: `user:${owner.actor.id}` },
    ]) {
      expect((await log(stranger, variables)).nodes).toEqual([])
    }
  })

  it('is told of their own attempts in another tenant, who learns nothing of them', async () => {
    const owner = testTenant()
    const story = await createStory(await rig.as(owner), await createLegacy(await rig.as(owner)))
    const stranger = testTenant()
    await (
      await rig.as(stranger)
    )(documents.deleteStory, {
      input: { id: story.id, expectedRevision: 1 },
    })
    expect((await log(stranger)).nodes).toMatchObject([
      { action: 'story:delete', outcome: 'DENIED', code: 'NOT_FOUND' },
    ])
    expect((await log(owner, { outcome: 'DENIED' })).nodes).toEqual([])
  })

  it.each([
    [{ first: 0 }, 'INVALID_INPUT'],
    [{ first: 101 }, 'INVALID_INPUT'],
    [{ after: 'nonsense' }, 'CURSOR_INVALID'],
    [{ after: Buffer.from('c1:7').toString('base64url') }, 'CURSOR_INVALID'],
    [{ from: 'yesterday' }, 'INVALID_INPUT'],
  ])('is refused %j', async (variables, code) => {
    const { errors } = await (await rig.as(testTenant()))(query, variables)
    expect(errors).toMatchObject([{ extensions: { code } }])
  })
})
