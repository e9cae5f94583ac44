import { describe, expect, it } from 'vitest'
import { tenantClaims, tenantContext } from './context.js'
import {
  grantsClaim,
  isAtLeast,
  memberRoles,
  readGrantsClaim,
  strongest,
  type Grants,
} from './grants.js'

const legacy = '01JC0000000000000000000001'
const story = '01JC0000000000000000000002'
const grants: Grants = {
  version: 7,
  legacies: { [legacy]: 'editor' },
  stories: { [story]: { legacyId: legacy, role: 'viewer' } },
}

describe('the claim of grants', () => {
  it('is short, and becomes the grants again that it came from', () => {
    expect(grantsClaim(grants)).toEqual({
      v: 7,
      l: { [legacy]: 'e' },
      s: { [story]: ['v', legacy] },
    })
    expect(readGrantsClaim(JSON.parse(JSON.stringify(grantsClaim(grants))))).toEqual(grants)
  })

  it('is part of the context, with the verified address', () => {
    const context = tenantContext({
      tenant_id: 'habsburg',
      mode: 'saas',
      sub: 'user:1',
      email: 'marie@example.org',
      request_id: 'r',
      grants: grantsClaim(grants),
    })
    expect(context).toMatchObject({ grants, actor: { email: 'marie@example.org' } })
    expect(tenantContext(tenantClaims(context))).toEqual(context)
  })

  it.each([
    null,
    'x',
    [],
    {},
    { v: '7' },
    { v: 1, l: [] },
    { v: 1, l: { [legacy]: 'x' } },
    { v: 1, l: { [legacy]: 'operator' } },
    { v: 1, l: { 'not-an-id': 'o' } },
    { v: 1, s: { [story]: 'o' } },
    { v: 1, s: { [story]: ['o'] } },
    { v: 1, s: { [story]: ['o', 'elsewhere'] } },
  ])('is refused: %j', (claim) => {
    expect(() => readGrantsClaim(claim)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }))
  })
})

describe('the roles of members', () => {
  it('are in order: each can do what those after it can', () => {
    for (const [index, role] of memberRoles.entries()) {
      for (const [other, weaker] of memberRoles.entries()) {
        expect(isAtLeast(role, weaker)).toBe(index <= other)
      }
    }
  })

  it('have a strongest, among which an operator is none', () => {
    expect(strongest(['viewer', 'operator', 'editor'])).toBe('editor')
    expect(strongest(['operator'])).toBeUndefined()
  })
})
