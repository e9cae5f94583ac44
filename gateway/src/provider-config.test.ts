import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { vouchedBy } from './auth/identity.js'
import { readProviders } from './provider-config.js'

const single = {
  OIDC_ISSUER: 'https://id.test/realms/heirloom',
  OIDC_CLIENT_ID: 'gateway',
  OIDC_CLIENT_SECRET: 'secret',
}
const keycloak = {
  id: 'keycloak',
  name: 'Our staff',
  issuer: 'https://keycloak.test/realms/heirloom',
  client_id: 'heirloom',
  client_secret_env: 'KEYCLOAK_SECRET',
  claims: { roles: 'realm_access.roles' },
  fixed_claims: { mode: 'enterprise' },
  tenants: ['t_haworth'],
}
const cognito = {
  id: 'cognito',
  issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x',
  client_id: 'abc',
  client_secret: 's',
  client_authentication: 'client_secret_post',
  audience: 'abc',
  audience_claim: 'client_id',
  resource: false,
  scope: 'openid profile',
  claims: { tenant_id: 'custom:tenant_id', roles: 'cognito:groups' },
}
const env = (...providers: unknown[]) => ({
  OIDC_PROVIDERS: JSON.stringify(providers),
  KEYCLOAK_SECRET: 'k',
})

describe('the providers', () => {
  it('are one by its variables, several by a list, or both, the one first', () => {
    expect(readProviders(single)).toMatchObject([{ id: 'default', callbackPath: '/auth/callback' }])
    const listed = readProviders(env(keycloak, cognito))
    expect(listed).toMatchObject([
      { id: 'keycloak', name: 'Our staff', clientSecret: 'k', tenants: ['t_haworth'] },
      { id: 'cognito', name: 'cognito', asksForResource: false, audienceClaim: 'client_id' },
    ])
    expect(listed[1]?.callbackPath).toBe('/auth/callback/cognito')
    const both = readProviders({ ...single, ...env(cognito) })
    expect(both.map(({ id }) => id)).toEqual(['default', 'cognito'])
  })

  it('are read from a file too', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'heirloom-providers-')), 'providers.json')
    writeFileSync(file, JSON.stringify([cognito]))
    expect(readProviders({ OIDC_PROVIDERS: file })).toMatchObject([{ id: 'cognito' }])
  })

  it.each<[string, unknown]>([
    ['no list', {}],
    ['an empty list', []],
    ['no object', ['x']],
    ['an unknown setting', [{ ...cognito, secret: 's' }]],
    ['no issuer', [{ ...cognito, issuer: undefined }]],
    ['an issuer that is no address', [{ ...cognito, issuer: 'javascript:x' }]],
    ['an id that is no name', [{ ...cognito, id: '../x' }]],
    ['the same id twice', [cognito, { ...cognito, issuer: 'https://other.test' }]],
    ['the same issuer twice', [cognito, { ...cognito, id: 'x', issuer: `${cognito.issuer}/` }]],
    ['another authentication', [{ ...cognito, client_authentication: 'none' }]],
    ['a subject that is mapped', [{ ...cognito, claims: { sub: 'email' } }]],
    ['a claim that is not ours', [{ ...cognito, claims: { admin: 'x' } }]],
    ['a name that is none', [{ ...cognito, claims: { roles: 7 } }]],
    ['tenants that are no list', [{ ...cognito, tenants: 't_haworth' }]],
  ])('are refused with %s', (_what, value) => {
    expect(() => readProviders({ OIDC_PROVIDERS: JSON.stringify(value) })).toThrow('OIDC_PROVIDERS')
  })
})

describe('what a provider says', () => {
  const [ofKeycloak, ofCognito] = readProviders(env(keycloak, cognito))

  it('is read by its own names for our claims', () => {
    if (ofKeycloak === undefined || ofCognito === undefined) throw new Error('unreachable')
    const said = {
      sub: 'u1',
      tenant_id: 't_haworth',
      mode: 'saas',
      realm_access: { roles: ['editor', 'offline_access'] },
    }
    expect(vouchedBy(said, ofKeycloak).claims).toMatchObject({
      tenant_id: 't_haworth',
      mode: 'enterprise',
      roles: ['editor'],
    })
    const groups = { sub: 'u1', client_id: 'abc', mode: 'saas', 'custom:tenant_id': 't_downe' }
    expect(vouchedBy({ ...groups, 'cognito:groups': 'owner, x' }, ofCognito).claims).toMatchObject({
      tenant_id: 't_downe',
      roles: ['owner'],
    })
  })

  it('is refused of tenants that are not its own', () => {
    if (ofKeycloak === undefined) throw new Error('unreachable')
    const said = { sub: 'u1', tenant_id: 't_downe', mode: 'saas' }
    expect(() => vouchedBy(said, ofKeycloak)).toThrow('does not speak for that tenant')
  })
})
