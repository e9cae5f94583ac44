import { sql } from 'kysely'
import { compactDecrypt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
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
  mailerKey,
  run,
  startStoriesRig,
  type StoriesRig,
} from './testing/stories-rig.js'

const { accept, invite: inviteDocument, invitations, revoke } = accessDocuments
const email = 'anne@example.org'

interface Invited {
  readonly secret: string
  readonly invitation: { readonly id: string; readonly email: string; readonly status: string }
}

describe('an invitation', () => {
  let rig: StoriesRig
  let owner: TenantContext
  let asOwner: GraphQLClient
  let legacyId: string

  beforeAll(async () => {
    rig = await startStoriesRig()
  })
  afterAll(() => rig.close())
  beforeEach(async () => {
    owner = testTenant()
    asOwner = await clientOf(rig, owner)
    legacyId = await createLegacy(asOwner)
  })

  const invite = (input: object = {}) =>
    run<Invited>(asOwner, inviteDocument, { email, role: 'EDITOR', scope: { legacyId }, ...input })
  const invited = (
    address: string | undefined = email,
    of: TenantContext = owner,
  ): TenantContext => {
    const { actor, ...rest } = testTenant({ tenantId: of.tenantId, roles: [] })
    return { ...rest, actor: { ...actor, ...(address === undefined ? {} : { email: address }) } }
  }
  const acceptAs = async (who: TenantContext, secret: string) =>
    codeOf(await clientOf(rig, who), accept, { secret })

  it('gives whoever shows that the address is theirs the role, once', async () => {
    const { secret, invitation } = await invite({ email: ' Anne@Example.ORG ' })
    expect(invitation).toMatchObject({ email, status: 'PENDING' })
    const anne = invited()
    expect(await acceptAs(anne, secret)).toBeUndefined()
    expect((await asNow(rig, anne)).grants?.legacies).toEqual({ [legacyId]: 'editor' })
    expect(await acceptAs(anne, secret)).toBe('INVITATION_USED')
  })

  it('leaves a stronger role as it is', async () => {
    const { secret } = await invite({ scope: null, role: 'VIEWER' })
    const anne = { ...invited(), roles: ['editor'] as const }
    expect(await acceptAs(anne, secret)).toBeUndefined()
    expect((await asNow(rig, anne)).roles).toEqual(['editor'])
  })

  // Invariant: of any number of attempts at once, one finds it pending.
  it('is accepted by exactly one of many who try at once', async () => {
    const { secret } = await invite()
    const devices = await Promise.all(Array.from({ length: 8 }, () => clientOf(rig, invited())))
    const codes = await Promise.all(devices.map((gql) => codeOf(gql, accept, { secret })))
    expect(codes.filter((code) => code === undefined)).toHaveLength(1)
    expect(codes.filter((code) => code === 'INVITATION_USED')).toHaveLength(7)
    const { data } = await asOwner<{ access: { nodes: unknown[] } }>(accessDocuments.access, {
      scope: { legacyId },
    })
    expect(data?.access.nodes).toHaveLength(1)
  })

  it('is either accepted or revoked, whichever comes first', async () => {
    const { secret, invitation } = await invite()
    const anne = await clientOf(rig, invited())
    const [accepted, revoked] = await Promise.all([
      codeOf(anne, accept, { secret }),
      codeOf(asOwner, revoke, { id: invitation.id }),
    ])
    expect([
      [undefined, 'INVITATION_USED'],
      ['INVITATION_REVOKED', undefined],
    ]).toContainEqual([accepted, revoked])
  })

  it('can be revoked, again and again, and then accepts nobody', async () => {
    const { secret, invitation } = await invite()
    for (const _time of [1, 2]) {
      expect(await codeOf(asOwner, revoke, { id: invitation.id })).toBeUndefined()
    }
    expect(await acceptAs(invited(), secret)).toBe('INVITATION_REVOKED')
  })

  it.each([
    ['removed', accessDocuments.removeRole, {}],
    ['made less', accessDocuments.setRole, { role: 'VIEWER' }],
  ])('is void once its inviter was %s', async (_title, document, more) => {
    const inviter = await member(rig, owner)
    await setRole(asOwner, inviter, 'owner', { legacyId })
    const asInviter = await clientOf(rig, inviter)
    const input = { email, role: 'OWNER', scope: { legacyId } }
    const { secret } = await run<Invited>(asInviter, inviteDocument, input)
    const others = await invite()
    await run(asOwner, document, { userId: inviter.actor.id, scope: { legacyId }, ...more })
    expect(await acceptAs(invited(), secret)).toBe('INVITATION_REVOKED')
    expect(await acceptAs(invited(), others.secret)).toBeUndefined()
  })

  it('expires', async () => {
    const { secret, invitation } = await invite({ expiresInHours: 1 })
    await rig.expireInvitation(owner, invitation.id)
    expect(await acceptAs(invited(), secret)).toBe('INVITATION_EXPIRED')
    expect((await asOwner(invitations, { scope: { legacyId } })).data).toEqual({
      invitations: { nodes: [{ id: invitation.id, email, status: 'EXPIRED' }] },
    })
  })

  it('is unknown to everybody else: by address, by tenant, by secret', async () => {
    const { secret } = await invite()
    const refused = await Promise.all(
      [
        [invited('charlotte@example.org'), secret],
        [invited(email, testTenant()), secret],
        [invited(), 'A'.repeat(43)],
        [invited(), 'short'],
        [invited(), ''],
      ].map(async ([who, text]) => {
        const gql = await clientOf(rig, who as TenantContext)
        const { errors } = await gql(accept, { input: { secret: text } })
        return [errors?.[0]?.extensions?.code, errors?.[0]?.message]
      }),
    )
    expect(new Set(refused.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(refused[0]?.[0]).toBe('NOT_FOUND')
    expect(await acceptAs(invited(), secret)).toBeUndefined()
  })

  it('is for people whose address the provider has verified', async () => {
    const { secret } = await invite()
    const unverified = testTenant({ tenantId: owner.tenantId, roles: [] })
    expect(await acceptAs(unverified, secret)).toBe('FORBIDDEN')
    const service = { ...owner, actor: { kind: 'service', id: owner.actor.id, email } as const }
    expect(await codeOf(await rig.as(service), accept, { secret })).toBe('FORBIDDEN')
  })

  it('keeps no secret: its hash alone is stored, and the mailer alone can open the event', async () => {
    const { secret, invitation } = await invite()
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    const rows = await rig.textOf(owner, sql`invitation`)
    expect(rows).toContain(invitation.id)
    expect(rows).not.toContain(secret)
    const events = await rig.events(owner)
    const event = events.find(({ type }) => type === 'InvitationCreated')
    expect(JSON.stringify(events)).not.toContain(secret)
    expect(event?.payload).toMatchObject({
      email,
      role: 'editor',
      scope: 'legacy',
      scope_id: legacyId,
    })
    const { plaintext } = await compactDecrypt(String(event?.payload['sealed_secret']), mailerKey)
    expect(Buffer.from(plaintext).toString()).toBe(secret)
  })

  it('offers no more than the inviter has, and is for those who may give access', async () => {
    const editor = await clientOf(rig, await member(rig, owner, ['editor']))
    const input = { email, role: 'VIEWER', scope: { legacyId } }
    expect(await codeOf(editor, inviteDocument, input)).toBe('FORBIDDEN')
    const { data, errors } = await editor(invitations, { scope: { legacyId } })
    expect([data, errors?.[0]?.extensions?.code]).toEqual([null, 'FORBIDDEN'])
  })

  it('of another tenant is seen and revoked by nobody', async () => {
    const { invitation } = await invite()
    const stranger = await clientOf(rig, testTenant())
    expect(await codeOf(stranger, revoke, { id: invitation.id })).toBe('NOT_FOUND')
    const { errors } = await stranger(invitations, { scope: { legacyId } })
    expect(errors?.[0]?.extensions?.code).toBe('NOT_FOUND')
    expect((await stranger(invitations, {})).data).toEqual({ invitations: { nodes: [] } })
  })

  it.each([
    [{ email: 'nobody' }],
    [{ email: 'a b@example.org' }],
    [{ email: `${'a'.repeat(65)}@example.org` }],
    [{ email: '' }],
    [{ expiresInHours: 0 }],
    [{ expiresInHours: 721 }],
  ])('is refused with %j', async (input) => {
    expect(await codeOf(asOwner, inviteDocument, { email, role: 'VIEWER', ...input })).toBe(
      'INVALID_INPUT',
    )
  })
})
