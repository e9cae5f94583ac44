import { describe, expect, it } from 'vitest'
import { modes, roles, tenantClaims, tenantContext, type TenantClaims } from './context.js'

const claims: TenantClaims = {
  tenant_id: 'habsburg',
  mode: 'enterprise',
  project_id: 'project-1',
  surface_id: 'kiosk',
  sub: 'user:01JC0000000000000000000000',
  name: 'Marie',
  plugin: 'letter-translator',
  roles: ['editor', 'viewer'],
  request_id: 'request-1',
  source_ip: '203.0.113.7',
  user_agent: 'Mozilla/5.0',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}

describe('the tenant context', () => {
  it('says what the claims say', () => {
    expect(tenantContext(claims)).toEqual({
      tenantId: 'habsburg',
      mode: 'enterprise',
      projectId: 'project-1',
      surfaceId: 'kiosk',
      actor: { kind: 'user', id: '01JC0000000000000000000000', name: 'Marie' },
      plugin: 'letter-translator',
      roles: ['editor', 'viewer'],
      requestId: 'request-1',
      source: { ip: '203.0.113.7', userAgent: 'Mozilla/5.0' },
      traceparent: claims.traceparent,
    })
  })

  it('becomes the claims again that it came from', () => {
    const context = tenantContext(claims)
    expect(tenantClaims(context)).toEqual(claims)
    expect(tenantContext(tenantClaims(context))).toEqual(context)
  })

  it('leaves out what is optional and was not said', () => {
    const { tenant_id, mode, sub, request_id } = claims
    expect(tenantContext({ tenant_id, mode, sub, request_id })).toEqual({
      tenantId: 'habsburg',
      mode: 'enterprise',
      actor: { kind: 'user', id: '01JC0000000000000000000000' },
      roles: [],
      requestId: 'request-1',
    })
  })

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(tenantContext(claims))).toBe(true)
  })

  it.each(modes)('knows the mode %s', (mode) => {
    expect(tenantContext({ ...claims, mode }).mode).toBe(mode)
  })

  it.each(roles)('knows the role %s', (role) => {
    expect(tenantContext({ ...claims, roles: [role] }).roles).toEqual([role])
  })

  it.each([
    ['user:1', { kind: 'user', id: '1' }],
    ['service:importer', { kind: 'service', id: 'importer' }],
    ['plugin:letter-translator', { kind: 'plugin', id: 'letter-translator' }],
    ['user:https://issuer.example/a:b', { kind: 'user', id: 'https://issuer.example/a:b' }],
  ])('reads the actor %s', (sub, actor) => {
    expect(tenantContext({ ...claims, name: undefined, sub }).actor).toEqual(actor)
  })

  it.each<[string, TenantClaims]>([
    ['tenant_id', { tenant_id: undefined }],
    ['tenant_id', { tenant_id: null }],
    ['tenant_id', { tenant_id: 7 }],
    ['tenant_id', { tenant_id: 'Habsburg' }],
    ['tenant_id', { tenant_id: 'h' }],
    ['tenant_id', { tenant_id: '-habsburg' }],
    ['tenant_id', { tenant_id: 'habsburg\n' }],
    ['tenant_id', { tenant_id: "x'; --" }],
    ['tenant_id', { tenant_id: 'a'.repeat(64) }],
    ['mode', { mode: undefined }],
    ['mode', { mode: 'SAAS' }],
    ['mode', { mode: ['saas'] }],
    ['sub', { sub: undefined }],
    ['sub', { sub: '' }],
    ['sub', { sub: 'user' }],
    ['sub', { sub: 'user:' }],
    ['sub', { sub: 'root:1' }],
    ['roles', { roles: 'owner' }],
    ['roles', { roles: ['owner', 'root'] }],
    ['roles', { roles: [['owner']] }],
    ['request_id', { request_id: undefined }],
    ['request_id', { request_id: '' }],
    ['name', { name: 7 }],
    ['project_id', { project_id: '' }],
    ['surface_id', { surface_id: {} }],
    ['plugin', { plugin: '' }],
    ['source_ip', { source_ip: '203.0.113.7, 10.0.0.1' }],
    ['source_ip', { source_ip: 'fe80::1%eth0' }],
    ['user_agent', { user_agent: 'a\nb' }],
    ['user_agent', { user_agent: 'a'.repeat(257) }],
    ['traceparent', { traceparent: [] }],
  ])('refuses a bad claim "%s": %j', (_claim, bad) => {
    expect(() => tenantContext({ ...claims, ...bad })).toThrow(
      expect.objectContaining({ code: 'TOKEN_INVALID', status: 401 }),
    )
  })
})
