import { createHash } from 'node:crypto'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { AppError } from '@heirloom/errors'
import type { ActorId, MemberRole, Role, TenantId } from '@heirloom/tenancy'
import { readPolicies, type Policy } from './policies.js'
import { actions, type Action, type Resource } from './vocabulary.js'

/** One question in the terms of the policies. Ids are no part of it, except the two it compares. */
export interface Question {
  readonly tenantId: TenantId
  readonly actorId: ActorId
  readonly roles: readonly Role[]
  readonly held?: HeldRoles
  readonly action: Action
  readonly resource: Omit<Resource, 'id' | 'legacyId' | 'storyId'>
}

/** The roles below the tenant that count for one resource. */
export interface HeldRoles {
  /** On its legacy. */
  readonly legacy: readonly MemberRole[]
  /** On its story; for a legacy, on any of its stories. */
  readonly story: readonly MemberRole[]
  /** On any legacy or story of the tenant. */
  readonly anywhere: readonly MemberRole[]
}

export const noRoles: HeldRoles = { legacy: [], story: [], anywhere: [] }

export interface Decision {
  readonly allowed: boolean
  /** The ids of the policies that made it so; none when no policy permits. */
  readonly policies: readonly string[]
}

/** @throws AppError INTERNAL when a policy failed: then nothing is allowed */
export type Decide = (question: Question) => boolean
/** @throws AppError INTERNAL when a policy failed */
export type DecideWhy = (question: Question) => Decision

/**
 * Cedar (https://docs.cedarpolicy.com) over pre-parsed policies: one set per action, with just the
 * policies whose scope can match it, because the cost of a decision grows with its set. Cedar
 * decides alone; entities are built from the question and nothing is looked up.
 */
export function createEngine(policies: readonly Policy[] = readPolicies()): Decide {
  const decide = createExplainingEngine(policies)
  return (question) => decide(question).allowed
}

/** The same, with the policies that decided. */
export function createExplainingEngine(policies: readonly Policy[] = readPolicies()): DecideWhy {
  const sets = Object.fromEntries(
    actions.map((action) => [action, preparse(sliceOf(policies, action))]),
  ) as Record<Action, string>
  return (question) => {
    const principal = { type: 'Actor', id: question.actorId }
    const resource = { type: question.resource.kind, id: '-' }
    const { legacy, story, anywhere } = question.held ?? noRoles
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: 'Action', id: question.action },
      resource,
      context: {},
      preparsedPolicySetId: sets[question.action],
      entities: [
        {
          uid: principal,
          attrs: {
            tenant: question.tenantId,
            roles: [...question.roles],
            legacyRoles: [...legacy],
            storyRoles: [...story],
            rolesAnywhere: [...anywhere],
          },
          parents: [],
        },
        { uid: resource, attrs: factsOf(question.resource), parents: [] },
      ],
    })
    if (answer.type === 'failure') throw failed(answer.errors)
    // Cedar skips a policy that fails; a skipped `forbid` must not let anything through.
    const { decision, diagnostics } = answer.response
    if (diagnostics.errors.length > 0) throw failed(diagnostics.errors.map(({ error }) => error))
    return { allowed: decision === 'allow', policies: diagnostics.reason }
  }
}

/** Sound because a policy can only matter to the actions in its scope. */
export function sliceOf(policies: readonly Policy[], action: Action): readonly Policy[] {
  return policies.filter((policy) => policy.actions === null || policy.actions.includes(action))
}

function factsOf(resource: Question['resource']): Record<string, cedar.CedarValueJson> {
  const facts: Record<string, cedar.CedarValueJson> = {}
  if (resource.tenantId !== null) facts['tenant'] = resource.tenantId
  if (resource.status !== undefined) facts['status'] = resource.status
  if (resource.kind === 'Story') facts['level'] = resource.level ?? 'TENANT'
  if (resource.authorId !== undefined) {
    facts['author'] = { __entity: { type: 'Actor', id: resource.authorId } }
  }
  return facts
}

/**
 * Returns the id under which the WebAssembly instance, one a process, now holds the policies. It
 * is made of their text, so that two engines share what is equal and never what is not.
 */
function preparse(policies: readonly Policy[]): string {
  const staticPolicies = Object.fromEntries(policies.map((policy) => [policy.id, policy.text]))
  const id = createHash('sha256').update(JSON.stringify(staticPolicies)).digest('hex').slice(0, 16)
  const answer = cedar.preparsePolicySet(id, { staticPolicies })
  if (answer.type === 'failure') throw failed(answer.errors)
  return id
}

function failed(errors: readonly cedar.DetailedError[]): AppError {
  const cause = new Error(errors.map((error) => error.message).join('; '))
  return new AppError('INTERNAL', 'the policies cannot be evaluated', { cause })
}
