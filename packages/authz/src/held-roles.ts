import type { Grants, MemberRole } from '@heirloom/tenancy'
import { noRoles, type HeldRoles } from './engine.js'
import type { Resource } from './vocabulary.js'

/** What somebody's grants come to at one resource. */
export function heldRoles(grants: Grants | undefined, resource: Resource): HeldRoles {
  if (grants === undefined) return noRoles
  const { legacyId, storyId, kind } = resource
  return {
    legacy: legacyId === undefined ? [] : listed(grants.legacies[legacyId]),
    story: kind === 'Legacy' ? inLegacy(grants, legacyId) : ofStory(grants, storyId),
    anywhere: kind === 'Tenant' ? anywhere(grants) : [],
  }
}

function ofStory({ stories }: Grants, storyId: string | undefined): readonly MemberRole[] {
  return storyId === undefined ? [] : listed(stories[storyId]?.role)
}

function inLegacy({ stories }: Grants, legacyId: string | undefined): readonly MemberRole[] {
  if (legacyId === undefined) return []
  const inside = Object.values(stories).filter((grant) => grant.legacyId === legacyId)
  return distinct(inside.map(({ role }) => role))
}

function anywhere({ legacies, stories }: Grants): readonly MemberRole[] {
  return distinct([...Object.values(legacies), ...Object.values(stories).map(({ role }) => role)])
}

function listed(role: MemberRole | undefined): readonly MemberRole[] {
  return role === undefined ? [] : [role]
}

function distinct(roles: readonly MemberRole[]): readonly MemberRole[] {
  return [...new Set(roles)].toSorted()
}
