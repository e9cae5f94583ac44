import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from 'vitest'
import { sliceOf } from './engine.js'
import { readPolicies, readSchema } from './policies.js'
import { actions } from './vocabulary.js'

const policies = readPolicies()
const staticPolicies = Object.fromEntries(policies.map(({ id, text }) => [id, text]))

describe('the policies', () => {
  it('are valid against the schema, without a warning', () => {
    const answer = cedar.validate({ schema: readSchema(), policies: { staticPolicies } })
    expect(answer).toMatchObject({
      type: 'success',
      validationErrors: [],
      validationWarnings: [],
      otherWarnings: [],
    })
  })

  it('are found faulty when they look at what may be absent, so that validation means something', () => {
    const text = 'forbid (principal, action, resource) when { resource.tenant == "x" };'
    const answer = cedar.validate({ schema: readSchema(), policies: { staticPolicies: text } })
    expect(answer.type === 'success' && answer.validationErrors.length).toBeGreaterThan(0)
  })

  it('have ids that differ', () => {
    expect(new Set(policies.map(({ id }) => id)).size).toBe(policies.length)
  })

  it('name the same actions as the schema and the code', () => {
    const schema = cedar.schemaToJson(readSchema())
    if (schema.type === 'failure') throw new Error(JSON.stringify(schema.errors))
    const inSchema = Object.keys(schema.json['']?.actions ?? {})
    expect(inSchema.toSorted()).toEqual([...actions].toSorted())
    for (const policy of policies) {
      for (const action of policy.actions ?? []) expect(actions).toContain(action)
    }
  })

  it('name nobody and no tenant, so that one decision serves every member of every tenant alike', () => {
    for (const { text } of policies)
      expect(text).not.toMatch(/(Actor|Tenant)::|(author|tenant) == "/)
  })

  it.each(actions)('forbid tenants to meet in every slice: %s', (action) => {
    expect(sliceOf(policies, action).map(({ id }) => id)).toContain('tenants-never-meet')
  })
})
