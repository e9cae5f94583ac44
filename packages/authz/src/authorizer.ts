import { AppError } from '@heirloom/errors'
import type { TenantContext } from '@heirloom/tenancy'
import { createDecisionCache } from './decision-cache.js'
import { createEngine, type Decide, type HeldRoles, type Question } from './engine.js'
import { heldRoles } from './held-roles.js'
import type { Action, Resource } from './vocabulary.js'

export interface Authorizer {
  /** @throws AppError FORBIDDEN with a message that names the action */
  require(context: TenantContext, action: Action, resource: Resource): void
  /** The same question, answered instead of thrown. Lists are filtered with it, never failed. */
  allows(context: TenantContext, action: Action, resource: Resource): boolean
}

export interface AuthorizerOptions {
  readonly decide?: Decide
  readonly now?: () => number
  readonly cacheTtlMs?: number
  readonly cacheMaxEntries?: number
}

// Everything a policy looks at is in the question, so a remembered decision goes stale only when
// the policies themselves change. The time is short all the same: facts that are looked up, such
// as consent, will come.
const defaultCacheTtlMs = 5_000
const defaultCacheMaxEntries = 10_000

/**
 * Answers from the policies in policies/*.cedar: what none of them permits is denied. Synchronous;
 * loading reads and parses the policies once, and throws when one cannot be parsed.
 */
export function createAuthorizer(options: AuthorizerOptions = {}): Authorizer {
  const decide = options.decide ?? createEngine()
  const cache = createDecisionCache({
    ttlMs: options.cacheTtlMs ?? defaultCacheTtlMs,
    maxEntries: options.cacheMaxEntries ?? defaultCacheMaxEntries,
    now: options.now ?? Date.now,
  })
  const allows: Authorizer['allows'] = (context, action, resource) => {
    const held = heldRoles(context.grants, resource)
    return cache.get(keyOf(context, held, action, resource), () =>
      decide(questionOf(context, held, action, resource)),
    )
  }
  return {
    allows,
    require: (context, action, resource) => {
      if (allows(context, action, resource)) return
      throw new AppError('FORBIDDEN', `your role does not allow ${action}`, { details: { action } })
    },
  }
}

/** One question in the terms of the policies. */
export function questionOf(
  context: TenantContext,
  held: HeldRoles,
  action: Action,
  resource: Resource,
): Question {
  const { tenantId, actor, roles } = context
  return { tenantId, actorId: actor.id, roles, held, action, resource }
}

/**
 * What can make a difference to the policies. They name nobody (a test sees to that), so of the
 * actor and the author only whether they are the same counts: one decision serves every member.
 * Roles, actions and tenant ids contain no space, so no two questions share a key.
 */
function keyOf(
  context: TenantContext,
  held: HeldRoles,
  action: Action,
  resource: Resource,
): string {
  const { authorId, kind, status, level } = resource
  const author = authorId === undefined ? '-' : authorId === context.actor.id ? 'self' : 'other'
  return `${action} ${kind} ${status ?? '-'} ${level ?? '-'} ${author} ${context.tenantId} ${
    resource.tenantId ?? '-'
  } ${context.roles.join()} ${held.legacy.join()} ${held.story.join()} ${held.anywhere.join()}`
}
