import { actions, type Action, type Explanation, type Resource } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import { tenantId, type TenantContext, type TenantId } from '@heirloom/tenancy'
import { effectiveRole, type UserAccess } from './access.js'
import { legacyId, storyId, userId } from './ids.js'
import type { Reads } from './ports.js'
import type { Scope } from './scope.js'
import { storyResource } from './visibility.js'

export interface ExplainAccess {
  readonly userId: string
  readonly storyId?: string | null | undefined
  readonly legacyId?: string | null | undefined
  readonly action?: string | null | undefined
  readonly tenantId?: string | null | undefined
}

export interface AccessExplanation extends Pick<Explanation, 'allowed' | 'policies' | 'others'> {
  readonly reason: string
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

/**
 * Asks the policies in somebody else's place, with the roles that hold now, and tells what they
 * looked at.
 * @throws AppError FORBIDDEN, INVALID_INPUT
 */
export async function explainAccess(
  scope: Scope,
  input: ExplainAccess,
): Promise<AccessExplanation> {
  const tenant = tenantAsked(scope, input.tenantId)
  scope.authorizer.require(scope.tenant, 'access:explain', { kind: 'Tenant', tenantId: tenant })
  const action = actionAsked(input)
  const user = userId(input.userId)
  if (user === null) throw new AppError('INVALID_INPUT', 'this is not the id of a user')
  const reads = scope.readsOf(tenant)
  const access = await reads.access.ofUser(user)
  const role = effectiveRole(access.membership)
  const { version, legacies, stories } = access
  const asked: TenantContext = {
    tenantId: tenant,
    mode: scope.tenant.mode,
    actor: { kind: 'user', id: user },
    roles: role === null ? [] : [role],
    grants: { version, legacies, stories },
    requestId: scope.tenant.requestId,
  }
  const found = await find(input, tenant, reads)
  if (found === null) {
    const reason = 'there is no such story or legacy in the tenant, or it was deleted'
    return { allowed: false, reason, policies: [], others: [], facts: factsOfUser(asked, access) }
  }
  const explanation = scope.explain(asked, action, found)
  return {
    allowed: explanation.allowed,
    reason: reasonOf(explanation),
    policies: explanation.policies,
    others: explanation.others,
    facts: [...factsOfUser(asked, access), ...factsOfResource(found, explanation, user)],
  }
}

/** One that is malformed is as unknown as one that is not the caller's. */
function tenantAsked({ tenant }: Scope, asked: string | null | undefined): TenantId {
  if (asked === null || asked === undefined) return tenant.tenantId
  try {
    return tenantId(asked)
  } catch (cause) {
    throw new AppError('INVALID_INPUT', 'this is not the id of a tenant', { cause })
  }
}

function actionAsked({ action, storyId: story }: ExplainAccess): Action {
  const wanted = action ?? (typeof story === 'string' ? 'story:read' : 'legacy:read')
  const known = actions.find((each) => each === wanted)
  if (known !== undefined) return known
  throw new AppError('INVALID_INPUT', `there is no action "${wanted.slice(0, 64)}"`, {
    details: { field: 'action' },
  })
}

async function find(
  input: ExplainAccess,
  tenant: TenantId,
  reads: Reads,
): Promise<Resource | null> {
  if (typeof input.storyId === 'string') {
    const id = storyId(input.storyId)
    const [story] = id === null ? [] : await reads.stories.byIds([id], [{}])
    return story === undefined ? null : storyResource(story, tenant)
  }
  if (typeof input.legacyId !== 'string') {
    throw new AppError('INVALID_INPUT', 'name a story or a legacy')
  }
  const id = legacyId(input.legacyId)
  const [legacy] = id === null ? [] : await reads.legacies.byIds([id])
  if (legacy === undefined) return null
  return { kind: 'Legacy', id: legacy.id, tenantId: tenant, legacyId: legacy.id }
}

function reasonOf({ allowed, policies }: Explanation): string {
  if (policies.length === 0) return 'no policy permits it'
  const said = policies.map(({ description }) => description).join(' ')
  return allowed ? said : `forbidden: ${said}`
}

function factsOfUser({ roles, actor }: TenantContext, { membership }: UserAccess) {
  return facts({
    user: actor.id,
    'tenant.role': roles.join() || 'none',
    'tenant.providerRole': membership?.providerRole ?? 'none',
    'tenant.grantedRole': membership?.grantedRole ?? 'none',
    'tenant.removed': String(membership?.removed ?? false),
  })
}

function factsOfResource(resource: Resource, { held }: Explanation, user: string) {
  const { kind, legacyId: legacy = 'none', authorId, status, level } = resource
  return facts({
    legacy,
    'legacy.role': held.legacy.join() || 'none',
    'story.role': held.story.join() || 'none',
    ...(kind === 'Story'
      ? {
          'story.author': authorId === user ? 'this user' : 'somebody else',
          'story.state': status ?? 'none',
          'story.level': level ?? 'none',
        }
      : {}),
  })
}

function facts(values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}
