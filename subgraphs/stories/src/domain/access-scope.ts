import type { Resource } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import type { TenantContext } from '@heirloom/tenancy'
import type { AccessScope } from './access.js'
import { storyNotFound } from './change-story.js'
import { legacyId, storyId } from './ids.js'
import type { Reads } from './ports.js'
import type { Scope } from './scope.js'
import { mayReadLegacy, storyResource, visibleStories } from './visibility.js'

/** As a client names it: a legacy, a story, or neither for the tenant. */
export interface ScopeInput {
  readonly legacyId?: string | null | undefined
  readonly storyId?: string | null | undefined
}

/** A scope, with the facts of it that policies look at. */
export interface FoundScope {
  readonly scope: AccessScope
  readonly resource: Resource
}

/**
 * The scope that a client named, if the caller may read what it names.
 * @throws AppError INVALID_INPUT for both, NOT_FOUND
 */
export async function findScope(
  scope: Scope,
  input: ScopeInput | null | undefined,
  reads: Reads,
): Promise<FoundScope> {
  const { tenantId } = scope.tenant
  const legacy = input?.legacyId ?? null
  const story = input?.storyId ?? null
  if (legacy !== null && story !== null) {
    throw new AppError('INVALID_INPUT', 'a scope is a legacy or a story, not both')
  }
  if (story !== null) return storyScope(scope, story, reads)
  if (legacy !== null) return legacyScope(scope, legacy, reads)
  return { scope: { kind: 'tenant' }, resource: { kind: 'Tenant', tenantId } }
}

async function storyScope(scope: Scope, text: string, reads: Reads): Promise<FoundScope> {
  const id = storyId(text)
  const [story] = id === null ? [] : await reads.stories.byIds([id], visibleStories(scope))
  if (story === undefined) throw storyNotFound(text)
  return {
    scope: { kind: 'story', legacyId: story.legacyId, storyId: story.id },
    resource: storyResource(story, scope.tenant.tenantId),
  }
}

async function legacyScope(scope: Scope, text: string, reads: Reads): Promise<FoundScope> {
  const id = legacyId(text)
  const [legacy] = id === null || !mayReadLegacy(scope, id) ? [] : await reads.legacies.byIds([id])
  if (legacy === undefined) {
    throw new AppError('NOT_FOUND', `there is no legacy with the id "${text.slice(0, 64)}"`)
  }
  const { tenantId } = scope.tenant
  return {
    scope: { kind: 'legacy', legacyId: legacy.id },
    resource: { kind: 'Legacy', id: legacy.id, tenantId, legacyId: legacy.id },
  }
}

/** A scope that is known, such as an invitation's, for policies that look at no more of it. */
export function resourceOf(scope: AccessScope, { tenantId }: TenantContext): Resource {
  if (scope.kind === 'tenant') return { kind: 'Tenant', tenantId }
  const { legacyId: legacy } = scope
  return scope.kind === 'legacy'
    ? { kind: 'Legacy', tenantId, legacyId: legacy }
    : { kind: 'Story', tenantId, legacyId: legacy, storyId: scope.storyId }
}
