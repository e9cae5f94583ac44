import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roles, tenantId, type ActorId, type TenantContext } from '@heirloom/tenancy'
import { createAuthorizer } from './authorizer.js'
import type { Question } from './engine.js'
import { actions, type Resource } from './vocabulary.js'

const home = tenantId('home')
const context: TenantContext = {
  tenantId: home,
  mode: 'saas',
  actor: { kind: 'user', id: 'user-1' as ActorId },
  roles: ['editor'],
  requestId: 'request-1',
}

describe('the authorizer', () => {
  it('asks the policies once for questions that differ only in the id of the resource', () => {
    const asked: Question[] = []
    const authorizer = createAuthorizer({ decide: (question) => asked.push(question) > 0 })
    for (const id of ['a', 'b', 'c']) {
      authorizer.allows(context, 'person:read', { kind: 'Person', id, tenantId: home })
    }
    expect(asked).toHaveLength(1)
  })

  it('asks again after its short memory', () => {
    let nowMs = 0
    let calls = 0
    const decide = () => {
      calls += 1
      return true
    }
    const authorizer = createAuthorizer({ decide, now: () => nowMs, cacheTtlMs: 100 })
    const ask = () => authorizer.allows(context, 'legacy:read', { kind: 'Legacy', tenantId: home })
    ask()
    ask()
    nowMs = 100
    ask()
    expect(calls).toBe(2)
  })

  it('never takes one question for another, whatever the ids contain', () => {
    const text = fc.string({
      unit: fc.constantFrom(' ', ':', '-', '1', '2', 'a', ','),
      maxLength: 6,
    })
    const question = fc.record({
      actorId: text,
      authorId: fc.option(text, { nil: undefined }),
      tenant: fc.constantFrom('home', 'elsewhere'),
      resourceTenant: fc.constantFrom('home', 'elsewhere', null),
      roles: fc.subarray([...roles]),
      action: fc.constantFrom(...actions),
      status: fc.constantFrom('DRAFT', 'PUBLISHED', undefined),
    })
    fc.assert(
      fc.property(question, question, (first, second) => {
        let calls = 0
        const authorizer = createAuthorizer({ decide: () => (calls += 1) > 0 })
        for (const asked of [first, second]) {
          const resource: Resource = {
            kind: 'Story',
            tenantId: asked.resourceTenant === null ? null : tenantId(asked.resourceTenant),
            ...(asked.authorId === undefined ? {} : { authorId: asked.authorId }),
            ...(asked.status === undefined ? {} : { status: asked.status }),
          }
          const actor = { kind: 'user', id: asked.actorId as ActorId } as const
          authorizer.allows(
            { ...context, tenantId: tenantId(asked.tenant), roles: asked.roles, actor },
            asked.action,
            resource,
          )
        }
        expect(calls).toBe(JSON.stringify(first) === JSON.stringify(second) ? 1 : 2)
      }),
      { numRuns: 1_000 },
    )
  })
})
