import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memberRoles, roles, tenantId, type ActorId } from '@heirloom/tenancy'
import { createEngine, noRoles, type Question } from './engine.js'
import { readPolicies } from './policies.js'
import { actions, resourceKinds, storyLevels, storyStates } from './vocabulary.js'

const tenants = [tenantId('home'), tenantId('elsewhere')]

const question: fc.Arbitrary<Question> = fc.record({
  tenantId: fc.constantFrom(...tenants),
  actorId: fc.constantFrom('user-1', 'user-2') as fc.Arbitrary<ActorId>,
  roles: fc.subarray([...roles]),
  held: fc.record({
    legacy: fc.subarray([...memberRoles], { maxLength: 1 }),
    story: fc.subarray([...memberRoles]),
    anywhere: fc.subarray([...memberRoles]),
  }),
  action: fc.constantFrom(...actions),
  resource: fc.record(
    {
      kind: fc.constantFrom(...resourceKinds),
      tenantId: fc.option(fc.constantFrom(...tenants)),
      authorId: fc.constantFrom('user-1', 'user-2'),
      status: fc.constantFrom(...storyStates),
      level: fc.constantFrom(...storyLevels),
    },
    { requiredKeys: ['kind', 'tenantId'] },
  ),
})

const acrossTenants = question.filter(({ tenantId: own, resource }) => resource.tenantId !== own)

const staticPolicies = Object.fromEntries(readPolicies().map(({ id, text }) => [id, text]))
const wholeSet = 'all of them, for the test'
cedar.preparsePolicySet(wholeSet, { staticPolicies })

/** The same question to the whole set, unsliced. */
function decideWithAll({ resource, ...asked }: Question): boolean {
  const { legacy, story, anywhere } = asked.held ?? noRoles
  const answer = cedar.statefulIsAuthorized({
    principal: { type: 'Actor', id: asked.actorId },
    action: { type: 'Action', id: asked.action },
    resource: { type: resource.kind, id: 'x' },
    context: {},
    preparsedPolicySetId: wholeSet,
    entities: [
      {
        uid: { type: 'Actor', id: asked.actorId },
        attrs: {
          tenant: asked.tenantId,
          roles: [...asked.roles],
          legacyRoles: [...legacy],
          storyRoles: [...story],
          rolesAnywhere: [...anywhere],
        },
        parents: [],
      },
      {
        uid: { type: resource.kind, id: 'x' },
        attrs: {
          ...(resource.tenantId === null ? {} : { tenant: resource.tenantId }),
          ...(resource.status === undefined ? {} : { status: resource.status }),
          ...(resource.kind === 'Story' ? { level: resource.level ?? 'TENANT' } : {}),
          ...(resource.authorId === undefined
            ? {}
            : { author: { __entity: { type: 'Actor', id: resource.authorId } } }),
        },
        parents: [],
      },
    ],
  })
  return answer.type === 'success' && answer.response.decision === 'allow'
}

describe('the engine', () => {
  const decide = createEngine()

  it('decides with a slice of the policies as it would with all of them', () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(decide(asked)).toBe(decideWithAll(asked))
      }),
      { numRuns: 400 },
    )
  })

  it('never lets tenants meet, except operators over routes and reasons, and everybody over shared ones', () => {
    fc.assert(
      fc.property(acrossTenants, (asked) => {
        const shared = asked.resource.tenantId === null && asked.action === 'route:read'
        const operates =
          (asked.action.startsWith('route:') || asked.action === 'access:explain') &&
          asked.roles.includes('operator')
        expect(!decide(asked) || shared || operates).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  it('allows nothing when a policy fails, because Cedar skips it, even if it forbids', () => {
    const faulty = {
      id: 'faulty',
      description: 'fails',
      effect: 'forbid' as const,
      text: 'forbid (principal, action, resource) when { resource.missing };',
      actions: null,
    }
    const open = {
      ...faulty,
      id: 'open',
      effect: 'permit' as const,
      text: 'permit (principal, action, resource);',
    }
    const decideBadly = createEngine([faulty, open])
    const asked: Question = {
      tenantId: tenantId('home'),
      actorId: 'user-1' as ActorId,
      roles: ['owner'],
      action: 'legacy:read',
      resource: { kind: 'Legacy', tenantId: tenantId('home') },
    }
    expect(() => decideBadly(asked)).toThrow('the policies cannot be evaluated')
    expect(decide(asked)).toBe(true)
  })

  it('refuses to start with a policy that cannot be parsed', () => {
    const text = 'permit (everybody);'
    const all = { description: 'cannot be read', effect: 'permit' as const, actions: null }
    const broken = { ...all, id: 'broken', text }
    expect(() => createEngine([broken])).toThrow('the policies cannot be evaluated')
  })
})
