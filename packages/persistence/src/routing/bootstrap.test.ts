import { describe, expect, it } from 'vitest'
import { parseBootstrap } from './bootstrap.js'

const registry =
  'registry: { tenant_id: t_system, backend_type: postgres, config: { connection: main } }'

function failure(text: string): unknown {
  try {
    return parseBootstrap(text)
  } catch (error) {
    return error
  }
}

describe('the routing bootstrap file', () => {
  it('is read as YAML', () => {
    const text = `${registry}
routes:
  - resource_kind: chat_store
    tenant_id: t_acme
    modes: [saas, enterprise]
    project_id: p1
    backend_type: postgres
    config: { connection: main }`
    expect(parseBootstrap(text)).toMatchObject({
      registry: { tenantId: 't_system', backendType: 'postgres', modes: [] },
      routes: [
        {
          resourceKind: 'chat_store',
          tenantId: 't_acme',
          env: null,
          modes: ['saas', 'enterprise'],
          projectId: 'p1',
          surfaceId: null,
        },
      ],
    })
  })

  it('is read as JSON', () => {
    const file = {
      registry: { tenant_id: 't_system', backend_type: 'postgres', config: { connection: 'main' } },
    }
    expect(parseBootstrap(JSON.stringify(file)).routes).toEqual([])
  })

  it('that is malformed is refused with the name of what is wrong', () => {
    for (const [text, what] of [
      ['registry: [', 'YAML'],
      ['', 'must have fields'],
      ['routes: []', 'registry must have fields'],
      [`${registry}\nroute: []`, '"route"'],
      [`${registry}\nroutes: 1`, 'must be a list'],
      [registry.replace('postgres', 'oracle'), 'backend_type'],
      [registry.replace('t_system', '"A B"'), 'tenant id'],
      [registry.replace('tenant_id: t_system, ', ''), '"tenant_id"'],
      [registry.replace('{ connection: main }', 'main'), '"config"'],
      [`${registry}\nroutes: [{ resource_kind: chat_store, mode: saas }]`, '"mode"'],
      [`${registry}\nroutes: [{ backend_type: postgres, config: {} }]`, '"resource_kind"'],
      [
        `${registry}\nroutes: [{ resource_kind: a, modes: [sass], backend_type: postgres, config: {} }]`,
        '"modes"',
      ],
    ] as const) {
      expect(failure(text)).toMatchObject({ code: 'INVALID_INPUT' })
      expect(String(failure(text))).toContain(what)
    }
  })
})
