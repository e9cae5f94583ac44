import { describe, expect, it } from 'vitest'
import { tenantId, type ActorId, type Grants, type TenantContext } from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import { readMatrix, type Cell } from './testing/matrix.js'
import { storyStates, type Resource } from './vocabulary.js'

const home = tenantId('home')
const authorizer = createAuthorizer()
const cells = readMatrix()
const legacyId = 'l1'
const storyId = 's1'

/** Somebody whose only role is the cell's, held on these. */
function somebody({ scope, role }: Cell, legacy = legacyId, story = storyId): TenantContext {
  const grants: Grants = {
    version: 1,
    legacies: scope === 'legacy' ? { [legacy]: role } : {},
    stories: scope === 'story' ? { [story]: { legacyId: legacy, role } } : {},
  }
  return {
    tenantId: home,
    mode: 'saas',
    actor: { kind: 'user', id: 'self' as ActorId },
    roles: scope === 'tenant' ? [role] : [],
    grants,
    requestId: 'request-1',
  }
}

function resourceOf({ kind, isOwn, state, level }: Cell, tenant = home): Resource {
  const inLegacy = kind !== 'Tenant' && kind !== 'Plugin' && kind !== 'Route' && kind !== 'Store'
  return {
    kind,
    tenantId: tenant,
    ...(inLegacy ? { legacyId } : {}),
    ...(kind === 'Story' || kind === 'MediaAsset' ? { storyId } : {}),
    ...(kind === 'Story' || kind === 'MediaAsset' ? { authorId: isOwn ? 'self' : 'other' } : {}),
    ...(state === undefined ? {} : { status: state }),
    ...(level === undefined ? {} : { level }),
  }
}

function byQuestion(): readonly (readonly [string, readonly Cell[]])[] {
  const byLine = new Map<string, Cell[]>()
  for (const cell of cells) {
    const { action, isOwn, kind, state = '', level = '' } = cell
    const title = `${action} ${isOwn ? 'own' : 'other'} ${kind} ${state} ${level}`.trim()
    byLine.set(title, [...(byLine.get(title) ?? []), cell])
  }
  return [...byLine]
}

describe('the matrix', () => {
  it('says of every state of a story who reads it', () => {
    expect(cells.length).toBeGreaterThan(1_500)
    const said = new Set(
      cells.filter(({ action }) => action === 'story:read').map(({ state }) => state),
    )
    expect(said).toEqual(new Set(storyStates))
  })

  it.each(byQuestion())('%s', (_title, those) => {
    for (const cell of those) {
      const answer = authorizer.allows(somebody(cell), cell.action, resourceOf(cell))
      expect([cell, answer]).toEqual([cell, cell.allowed])
    }
  })

  it('gives nobody anything in another tenant', () => {
    const allowed = cells.filter((cell) =>
      authorizer.allows(somebody(cell), cell.action, resourceOf(cell, tenantId('elsewhere'))),
    )
    expect(allowed).toEqual([])
  })

  it('gives a role on another legacy or story no more than none would', () => {
    // What is asked for at the tenant is there for whoever holds a role anywhere.
    const below = cells.filter(({ scope, kind }) => scope !== 'tenant' && kind !== 'Tenant')
    const allowed = below.filter((cell) =>
      authorizer.allows(somebody(cell, 'l2', 's2'), cell.action, resourceOf(cell)),
    )
    expect(allowed).toEqual([])
  })

  it('gives each role all that those below it have', () => {
    const order = ['viewer', 'contributor', 'editor', 'owner'] as const
    for (const cell of cells.filter(({ allowed }) => allowed)) {
      for (const role of order.slice(order.indexOf(cell.role))) {
        const stronger = { ...cell, role }
        expect(authorizer.allows(somebody(stronger), cell.action, resourceOf(cell))).toBe(true)
      }
    }
  })
})
