import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roles, tenantId, type ActorId, type TenantContext } from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import { createEngine, type Question } from './engine.js'
import { actions, type Resource } from './vocabulary.js'

const home = tenantId('home')
const decide = createEngine()
const context: TenantContext = {
  tenantId: home,
  mode: 'saas',
  actor: { kind: 'user', id: 'user-1' as ActorId },
  roles: ['editor'],
  requestId: 'request-1',
}

describe('the authorizer', () => {
  it("asks the policies once, whoever wrote the others' stories and whoever reads them", () => {
    const asked: Question[] = []
    const authorizer = createAuthorizer({ decide: (question) => asked.push(question) > 0 })
    for (const id of ['a', 'b', 'c']) {
      const reader = { ...context, actor: { kind: 'user', id: `reader-${id}` as ActorId } as const }
      const story = { kind: 'Story', id, tenantId: home, authorId: `author-${id}` } as const
      authorizer.allows(reader, 'story:read', story)
    }
    expect(asked).toHaveLength(1)
  })

  it('asks again after its short memory', () => {
    let nowMs = 0
    let calls = 0
    const count = () => (calls += 1) > 0
    const authorizer = createAuthorizer({ decide: count, now: () => nowMs, cacheTtlMs: 100 })
    const ask = () => authorizer.allows(context, 'legacy:read', { kind: 'Legacy', tenantId: home })
    ask()
    ask()
    nowMs = 100
    ask()
    expect(calls).toBe(2)
  })

  it('never takes one question for another that could be decided otherwise', () => {
    const names = fc.constantFrom('user-1', 'user-2')
    const question = fc.record({
      actorId: names,
      authorId: fc.option(names, { nil: undefined }),
      tenant: fc.constantFrom('home', 'elsewhere'),
      resourceTenant: fc.constantFrom('home', 'elsewhere', null),
      roles: fc.subarray([...roles]),
      action: fc.constantFrom(...actions),
      status: fc.constantFrom('DRAFT' as const, 'PUBLISHED' as const, undefined),
    })
    fc.assert(
      fc.property(fc.array(question, { maxLength: 20 }), (questions) => {
        const authorizer = createAuthorizer({ decide })
        for (const asked of questions) {
          const resource: Resource = {
            kind: 'Story',
            tenantId: asked.resourceTenant === null ? null : tenantId(asked.resourceTenant),
            ...(asked.authorId === undefined ? {} : { authorId: asked.authorId }),
            ...(asked.status === undefined ? {} : { status: asked.status }),
          }
          const actor = { kind: 'user', id: asked.actorId as ActorId } as const
          const reader = { ...context, tenantId: tenantId(asked.tenant), roles: asked.roles, actor }
          expect(authorizer.allows(reader, asked.action, resource)).toBe(
            decide({
              tenantId: reader.tenantId,
              actorId: actor.id,
              roles: asked.roles,
              action: asked.action,
              resource,
            }),
          )
        }
      }),
      { numRuns: 100 },
    )
  })
})
