import { createIds, tenantId, type ActorId, type TenantContext } from '@heirloom/tenancy'

const newId = createIds()

/** A tenant that no other test knows, seen by one of its users (an owner unless told otherwise). */
export function testTenant(overrides: Partial<TenantContext> = {}): TenantContext {
  return {
    tenantId: tenantId(`t_${newId().toLowerCase()}`),
    mode: 'saas',
    actor: { kind: 'user', id: newId() as string as ActorId, name: 'Test User' },
    roles: ['owner'],
    requestId: newId(),
    ...overrides,
  }
}
