import { describe, expect, it } from 'vitest'
import { tenantId, type ActorId, type Role, type TenantContext } from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import type { Action, Resource } from './vocabulary.js'

const home = tenantId('home')
const elsewhere = tenantId('elsewhere')
const self = 'user-1' as ActorId
const authorizer = createAuthorizer()

const as = (...roles: readonly Role[]): TenantContext => ({
  tenantId: home,
  mode: 'saas',
  actor: { kind: 'user', id: self },
  roles,
  requestId: 'request-1',
})

const resources = {
  tenant: { kind: 'Tenant', tenantId: home },
  foreignTenant: { kind: 'Tenant', tenantId: elsewhere },
  legacy: { kind: 'Legacy', tenantId: home },
  newStory: { kind: 'Story', tenantId: home },
  ownDraft: { kind: 'Story', tenantId: home, authorId: self, status: 'DRAFT' },
  ownPublished: { kind: 'Story', tenantId: home, authorId: self, status: 'PUBLISHED' },
  otherDraft: { kind: 'Story', tenantId: home, authorId: 'user-2', status: 'DRAFT' },
  otherPublished: { kind: 'Story', tenantId: home, authorId: 'user-2', status: 'PUBLISHED' },
  person: { kind: 'Person', tenantId: home },
  newMedia: { kind: 'MediaAsset', tenantId: home },
  ownMedia: { kind: 'MediaAsset', tenantId: home, authorId: self },
  otherMedia: { kind: 'MediaAsset', tenantId: home, authorId: 'user-2' },
  stream: { kind: 'Stream', tenantId: home },
  route: { kind: 'Route', tenantId: home },
  anyRoute: { kind: 'Route', tenantId: null },
  foreignRoute: { kind: 'Route', tenantId: elsewhere },
  plugin: { kind: 'Plugin', tenantId: home },
  store: { kind: 'Store', tenantId: home },
} as const satisfies Record<string, Resource>

// Written by hand, letter by letter: who may. v viewer, c contributor, e editor, w owner, o operator.
const expectations: readonly (readonly [Action, keyof typeof resources, string])[] = [
  ['legacy:read', 'legacy', 'vcew'],
  ['legacy:create', 'legacy', 'ew'],
  ['legacy:create', 'tenant', 'ew'],
  ['story:read', 'ownDraft', 'cew'],
  ['story:read', 'ownPublished', 'vcew'],
  ['story:read', 'otherDraft', 'ew'],
  ['story:read', 'otherPublished', 'vcew'],
  ['story:read', 'newStory', 'ew'],
  ['story:create', 'newStory', 'cew'],
  ['story:create', 'legacy', 'cew'],
  ['story:create', 'tenant', 'cew'],
  ['story:update', 'ownDraft', 'cew'],
  ['story:update', 'ownPublished', 'ew'],
  ['story:update', 'otherDraft', 'ew'],
  ['story:update', 'otherPublished', 'ew'],
  ['story:publish', 'ownDraft', 'ew'],
  ['story:publish', 'otherDraft', 'ew'],
  ['story:delete', 'ownDraft', 'cew'],
  ['story:delete', 'ownPublished', 'ew'],
  ['story:delete', 'otherDraft', 'ew'],
  ['story:delete', 'otherPublished', 'ew'],
  ['story:submit', 'ownDraft', 'cew'],
  ['story:submit', 'otherDraft', 'ew'],
  ['story:moderate', 'ownDraft', 'ew'],
  ['story:moderate', 'otherPublished', 'ew'],
  ['story:share', 'ownDraft', 'cew'],
  ['story:share', 'ownPublished', 'ew'],
  ['access:read', 'tenant', 'w'],
  ['access:write', 'tenant', 'w'],
  ['access:write', 'legacy', 'w'],
  ['access:write', 'ownPublished', 'cew'],
  ['access:write', 'otherPublished', 'ew'],
  ['access:explain', 'tenant', 'wo'],
  ['access:explain', 'foreignTenant', 'o'],
  ['directory:read', 'tenant', 'vcew'],
  ['person:read', 'person', 'vcew'],
  ['person:write', 'person', 'ew'],
  ['tree:import', 'legacy', 'ew'],
  ['tree:import', 'tenant', 'ew'],
  ['media:read', 'ownMedia', 'vcew'],
  ['media:read', 'otherMedia', 'vcew'],
  ['media:write', 'tenant', 'cew'],
  ['media:write', 'newMedia', 'cew'],
  ['media:write', 'ownMedia', 'cew'],
  ['media:write', 'otherMedia', 'ew'],
  ['search:read', 'tenant', 'vcew'],
  ['stream:read', 'stream', 'vcew'],
  ['stream:append', 'stream', 'w'],
  ['route:read', 'route', 'wo'],
  ['route:read', 'anyRoute', 'wo'],
  ['route:read', 'foreignRoute', 'o'],
  ['route:write', 'route', 'wo'],
  ['route:write', 'anyRoute', 'o'],
  ['route:write', 'foreignRoute', 'o'],
  ['plugin:read', 'plugin', 'ew'],
  ['plugin:register', 'plugin', 'w'],
  ['audit:read', 'tenant', 'w'],
  ['chat:read', 'store', 'vcew'],
  ['chat:write', 'store', 'cew'],
  ['chat:delete', 'store', 'ew'],
  ['config:read', 'store', 'vcew'],
  ['config:write', 'store', 'w'],
  ['system-config:read', 'store', 'vcewo'],
  ['system-config:write', 'store', 'o'],
  ['firearms:read', 'store', 'ew'],
  ['firearms:write', 'store', 'w'],
  ['firearms:decide', 'store', 'vcew'],
  ['strategy:read', 'store', 'vcew'],
  ['strategy:write', 'store', 'w'],
  ['canvas:read', 'store', 'vcew'],
  ['canvas:append', 'store', 'cew'],
  ['table:read', 'store', 'vcew'],
  ['table:write', 'store', 'ew'],
  ['memory:read', 'store', 'vcew'],
  ['memory:write', 'store', 'cew'],
  ['metric:read', 'store', 'ew'],
  ['metric:record', 'store', 'vcew'],
  ['attribution:read', 'store', 'ew'],
  ['attribution:write', 'store', 'w'],
  ['budget:read', 'store', 'ew'],
  ['budget:write', 'store', 'w'],
  ['budget:spend', 'store', 'cew'],
  ['seo:read', 'store', 'vcew'],
  ['seo:write', 'store', 'ew'],
  ['media-output:read', 'store', 'vcew'],
  ['media-output:write', 'store', 'ew'],
  ['document:read', 'store', 'vcew'],
  ['document:write', 'store', 'cew'],
  ['user:read', 'store', 'w'],
  ['user:write', 'store', 'w'],
  ['revocation:read', 'store', 'w'],
  ['revocation:write', 'store', 'w'],
]
const letters: Readonly<Record<string, Role>> = {
  v: 'viewer',
  c: 'contributor',
  e: 'editor',
  w: 'owner',
  o: 'operator',
}
const cases = expectations.flatMap(([action, name, who]) =>
  Object.entries(letters).map(
    ([letter, role]) => [role, action, name, who.includes(letter)] as const,
  ),
)

describe('who may do what', () => {
  it.each(cases)('%s %s on %s: %s', (role, action, name, allowed) => {
    expect(authorizer.allows(as(role), action, resources[name])).toBe(allowed)
  })

  it.each(expectations)('nobody without a role may %s on %s', (action, name) => {
    expect(authorizer.allows(as(), action, resources[name])).toBe(false)
  })

  it.each(expectations)(
    'all roles together may %s on %s as the most powerful may',
    (action, name) => {
      const everything = as('viewer', 'contributor', 'editor', 'owner', 'operator')
      expect(authorizer.allows(everything, action, resources[name])).toBe(true)
    },
  )

  const ofTenant = expectations.filter(
    ([action]) => !action.startsWith('route:') && action !== 'access:explain',
  )
  it.each(ofTenant)('nobody may %s on the %s of another tenant', (action, name) => {
    const everything = as('viewer', 'contributor', 'editor', 'owner', 'operator')
    const foreign = { ...resources[name], tenantId: elsewhere }
    expect(authorizer.allows(everything, action, foreign)).toBe(false)
    // What belongs to every tenant belongs to nobody, except routes.
    expect(authorizer.allows(everything, action, { ...foreign, tenantId: null })).toBe(false)
  })

  it.each(['service', 'plugin'] as const)('a %s acts with the roles in its token', (kind) => {
    const context = { ...as('editor'), actor: { kind, id: self } }
    expect(authorizer.allows(context, 'story:publish', resources.otherDraft)).toBe(true)
    expect(authorizer.allows(context, 'plugin:register', resources.plugin)).toBe(false)
  })

  it('is refused with a code, and a message that names the action', () => {
    expect(() => authorizer.require(as('viewer'), 'tree:import', resources.legacy)).toThrow(
      expect.objectContaining({
        code: 'FORBIDDEN',
        message: 'your role does not allow tree:import',
      }),
    )
    expect(() => authorizer.require(as('editor'), 'tree:import', resources.legacy)).not.toThrow()
  })
})
