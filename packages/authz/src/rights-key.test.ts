import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from 'vitest'
import {
  roles,
  tenantId,
  type ActorId,
  type MemberRole,
  type Role,
  type TenantContext,
} from '@heirloom/tenancy'
import { createEngine } from './engine.js'
import { readPolicies } from './policies.js'
import { rightsKey } from './rights-key.js'
import { actions, resourceKinds, storyLevels, storyStates } from './vocabulary.js'

const home = tenantId('home')
const legacyId = '01JC0000000000000000000001'

function as(id: string, those: readonly Role[], more: Partial<TenantContext> = {}): TenantContext {
  const actor = { kind: 'user', id: id as ActorId } as const
  return { tenantId: home, mode: 'saas', actor, roles: those, requestId: `r-${id}`, ...more }
}

const everySetOfRoles = roles.reduce<readonly (readonly Role[])[]>(
  (sets, role) => [...sets, ...sets.map((set) => [...set, role])],
  [[]],
)
const statuses = [...storyStates, undefined] as const

describe('the key of rights', () => {
  it('is shared by those who hold the same roles, in whichever order they are named', () => {
    expect(rightsKey(as('a', ['viewer', 'owner']))).toBe(rightsKey(as('b', ['owner', 'viewer'])))
  })

  it.each([[['contributor']], [['contributor', 'owner']], [['operator']], [[]]] as const)(
    'is not shared by two people with the roles %j',
    (those) => {
      expect(rightsKey(as('a', those))).not.toBe(rightsKey(as('b', those)))
      expect(rightsKey(as('a', those))).toBe(rightsKey(as('a', those)))
    },
  )

  it.each([
    { tenantId: tenantId('elsewhere') },
    { mode: 'lab' },
    { projectId: 'p1' },
    { surfaceId: 's1' },
    { roles: ['editor'] },
    { actor: { kind: 'service', id: 'a' as ActorId } },
  ] as const)('differs with %j', (difference) => {
    const plain = as('a', ['viewer'])
    expect(rightsKey({ ...plain, ...difference })).not.toBe(rightsKey(plain))
  })

  it('is shared with nobody by those who hold roles below the tenant', () => {
    const held = (role: MemberRole, legacy = legacyId): Partial<TenantContext> => ({
      grants: { version: 1, legacies: { [legacy]: role }, stories: {} },
    })
    const key = rightsKey(as('a', ['viewer'], held('viewer')))
    expect(rightsKey(as('a', ['viewer'], held('viewer')))).toBe(key)
    for (const other of [
      as('a', ['viewer']),
      as('b', ['viewer'], held('viewer')),
      as('a', ['viewer'], held('editor')),
      as('a', ['viewer'], held('viewer', '01JC0000000000000000000002')),
    ]) {
      expect(rightsKey(other)).not.toBe(key)
    }
    // That somebody else's access changed makes no difference.
    const none = { version: 2, legacies: {}, stories: {} }
    expect(rightsKey(as('a', ['viewer'], { grants: none }))).toBe(rightsKey(as('b', ['viewer'])))
  })

  it('tells a project from a surface, and a missing one from an empty one', () => {
    const keys = [{}, { projectId: 'x' }, { surfaceId: 'x' }, { projectId: '' }]
    expect(new Set(keys.map((more) => rightsKey(as('a', ['viewer'], more)))).size).toBe(4)
  })
})

// The promise of the key, held against the policies: whoever shares one is answered alike about
// everything, also about what one of them has written.
describe('people who share a key', () => {
  const decide = createEngine()

  it.each(everySetOfRoles.map((set) => [set.join('+') || 'nobody', set] as const))(
    'get the same decisions: %s',
    (_title, set) => {
      const author = as('author', set)
      const other = as('other', set)
      if (rightsKey(author) !== rightsKey(other)) return
      const answers = ({ actor }: TenantContext): readonly boolean[] =>
        actions.flatMap((action) =>
          resourceKinds.flatMap((kind) =>
            statuses.flatMap((status) =>
              storyLevels.map((level) =>
                decide({
                  tenantId: home,
                  actorId: actor.id,
                  roles: set,
                  action,
                  resource: {
                    kind,
                    tenantId: home,
                    authorId: 'author',
                    level,
                    ...(status === undefined ? {} : { status }),
                  },
                }),
              ),
            ),
          ),
        )
      expect(answers(author)).toEqual(answers(other))
    },
  )

  it('are asked by no policy who they are, save by those about what contributors write', () => {
    const asking = readPolicies().filter(({ text }) => asksWho(text))
    expect(asking.map(({ id }) => id)).toEqual([
      'contributors-read-own-stories',
      'contributors-keep-own-drafts',
      'contributors-submit-own-drafts',
      'contributors-share-own-stories',
      'contributors-add-media',
    ])
    for (const { text } of asking) expect(text).toContain('principal.roles.contains("contributor")')
  })
})

/** Whether a policy uses `principal` for anything but its roles and its tenant. */
function asksWho(policy: string): boolean {
  const answer = cedar.policyToJson(policy)
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
  return JSON.stringify(answer.json.principal) !== '{"op":"All"}' || uses(answer.json.conditions)
}

function uses(expression: unknown): boolean {
  if (Array.isArray(expression)) return expression.some(uses)
  if (typeof expression !== 'object' || expression === null) return false
  if ('Var' in expression) return expression.Var === 'principal'
  if ('.' in expression) {
    const { left, attr } = expression['.'] as { left: unknown; attr: string }
    if ((isRoles(attr) || attr === 'tenant') && isPrincipal(left)) return false
  }
  return Object.values(expression).some(uses)
}

function isRoles(attribute: string): boolean {
  return ['roles', 'legacyRoles', 'storyRoles', 'rolesAnywhere'].includes(attribute)
}

function isPrincipal(expression: unknown): boolean {
  return (
    typeof expression === 'object' &&
    expression !== null &&
    'Var' in expression &&
    expression.Var === 'principal'
  )
}
