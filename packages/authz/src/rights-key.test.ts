import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from 'vitest'
import { roles, tenantId, type ActorId, type Role, type TenantContext } from '@heirloom/tenancy'
import { createEngine } from './engine.js'
import { readPolicies } from './policies.js'
import { rightsKey } from './rights-key.js'
import { actions, type Resource } from './vocabulary.js'

const home = tenantId('home')

function as(id: string, those: readonly Role[], more: Partial<TenantContext> = {}): TenantContext {
  const actor = { kind: 'user', id: id as ActorId } as const
  return { tenantId: home, mode: 'saas', actor, roles: those, requestId: `r-${id}`, ...more }
}

const everySetOfRoles = roles.reduce<readonly (readonly Role[])[]>(
  (sets, role) => [...sets, ...sets.map((set) => [...set, role])],
  [[]],
)
const kinds: readonly Resource['kind'][] = [
  'Tenant',
  'Legacy',
  'Story',
  'Person',
  'MediaAsset',
  'Stream',
  'Route',
  'Plugin',
  'Store',
]
const statuses = ['DRAFT', 'PUBLISHED', undefined] as const

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
          kinds.flatMap((kind) =>
            statuses.map((status) =>
              decide({
                tenantId: home,
                actorId: actor.id,
                roles: set,
                action,
                resource: {
                  kind,
                  tenantId: home,
                  authorId: 'author',
                  ...(status === undefined ? {} : { status }),
                },
              }),
            ),
          ),
        )
      expect(answers(author)).toEqual(answers(other))
    },
  )

  it('are asked by no policy who they are, save by those about what contributors write', () => {
    const asking = readPolicies().filter(({ text }) => asksWho(text))
    expect(asking.map(({ id }) => id)).toEqual([
      'contributors-keep-own-drafts',
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
    if ((attr === 'roles' || attr === 'tenant') && isPrincipal(left)) return false
  }
  return Object.values(expression).some(uses)
}

function isPrincipal(expression: unknown): boolean {
  return (
    typeof expression === 'object' &&
    expression !== null &&
    'Var' in expression &&
    expression.Var === 'principal'
  )
}
