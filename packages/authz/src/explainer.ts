import type { TenantContext } from '@heirloom/tenancy'
import { questionOf } from './authorizer.js'
import { createExplainingEngine, sliceOf, type HeldRoles } from './engine.js'
import { heldRoles } from './held-roles.js'
import { readPolicies, type Policy } from './policies.js'
import type { Action, Resource } from './vocabulary.js'

/** Why somebody may or may not do something. */
export interface Explanation {
  readonly allowed: boolean
  /** The policies that permitted it, or forbade it; none when no policy permits it. */
  readonly policies: readonly PolicyReason[]
  /** Those that permit the action to somebody, and did not here. */
  readonly others: readonly PolicyReason[]
  /** What the policies looked at. */
  readonly roles: TenantContext['roles']
  readonly held: HeldRoles
}

export interface PolicyReason {
  readonly id: string
  readonly description: string
}

export type Explainer = (context: TenantContext, action: Action, resource: Resource) => Explanation

/** Asks the policies as they are, past every memory of decisions. */
export function createExplainer(): Explainer {
  const policies = readPolicies()
  const decide = createExplainingEngine(policies)
  return (context, action, resource) => {
    const held = heldRoles(context.grants, resource)
    const { allowed, policies: decided } = decide(questionOf(context, held, action, resource))
    const permits = sliceOf(policies, action).filter(({ effect }) => effect === 'permit')
    return {
      allowed,
      policies: policies.filter(({ id }) => decided.includes(id)).map(reason),
      others: permits.filter(({ id }) => !decided.includes(id)).map(reason),
      roles: context.roles,
      held,
    }
  }
}

function reason({ id, description }: Policy): PolicyReason {
  return { id, description }
}
