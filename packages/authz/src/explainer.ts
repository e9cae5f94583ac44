import type { TenantContext } from '@heirloom/tenancy'
import { questionOf } from './authorizer.js'
import { createExplainingEngine, type HeldRoles } from './engine.js'
import { heldRoles } from './held-roles.js'
import { readPolicies } from './policies.js'
import type { Action, Resource } from './vocabulary.js'

/** Why somebody may or may not do something. */
export interface Explanation {
  readonly allowed: boolean
  /** The policies that permitted it, or forbade it; none when no policy permits it. */
  readonly policies: readonly { readonly id: string; readonly description: string }[]
  /** What the policies looked at. */
  readonly roles: TenantContext['roles']
  readonly held: HeldRoles
}

export type Explainer = (context: TenantContext, action: Action, resource: Resource) => Explanation

/** Asks the policies as they are, past every memory of decisions. */
export function createExplainer(): Explainer {
  const policies = readPolicies()
  const descriptions = new Map(policies.map(({ id, description }) => [id, description]))
  const decide = createExplainingEngine(policies)
  return (context, action, resource) => {
    const held = heldRoles(context.grants, resource)
    const { allowed, policies: ids } = decide(questionOf(context, held, action, resource))
    return {
      allowed,
      policies: ids.toSorted().map((id) => ({ id, description: descriptions.get(id) ?? '' })),
      roles: context.roles,
      held,
    }
  }
}
