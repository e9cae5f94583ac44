import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isObjectType } from 'graphql'
import { resourceKindNames } from '@heirloom/persistence'
import { tenantId, type Role } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { codeOf, given, saveRoute } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'
import { storeCases } from './testing/store-cases.js'

const ranks: readonly Role[] = ['viewer', 'contributor', 'editor', 'owner']
const system = tenantId('t_system')
const withoutStore = ['event_stream', 'routing_registry_store']

describe('the stores over GraphQL', () => {
  let rig: StorageRig
  let operator: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig()
    operator = await rig.main.as(testTenant({ tenantId: system, roles: ['operator'] }))
    for (const { resourceKind } of storeCases) {
      given(await saveRoute(operator, { resourceKind, tenantId: null }))
    }
  })
  afterAll(() => rig.close())

  it('are all there', () => {
    const kinds = storeCases.map(({ resourceKind }) => resourceKind)
    expect(kinds).toEqual(resourceKindNames.filter((kind) => !withoutStore.includes(kind)))
  })

  it('have a resolver for every field that they promise', () => {
    const { schema } = rig.main
    for (const root of [schema.getQueryType(), schema.getMutationType()]) {
      for (const field of Object.values(root?.getFields() ?? {})) {
        if (field.name.startsWith('_')) continue
        expect(field.resolve, `${root?.name}.${field.name}`).toBeDefined()
      }
    }
    expect(isObjectType(schema.getType('ChatThread'))).toBe(true)
  })

  describe.each(storeCases)('$resourceKind', ({ write, read, found, nothing, writer, reader }) => {
    it('gives back what was written, and to another tenant nothing', async () => {
      const [mine, theirs] = [await rig.main.as(testTenant()), await rig.main.as(testTenant())]
      const written = given(await mine<object>(write))
      expect(JSON.stringify(written)).not.toMatch(/Stale|Changed|Exceeded/)
      expect(given(await mine(read))).toMatchObject(found)
      expect(given(await theirs(read))).toMatchObject(nothing)
    })

    it(`is written by ${writer} and above, and read by ${reader} and above`, async () => {
      const tenant = testTenant()
      for (const [rank, role] of ranks.entries()) {
        const member = await rig.main.as({ ...tenant, roles: [role] })
        const wrote = await member(write)
        const mayWrite = rank >= ranks.indexOf(writer)
        expect(codeOf(wrote), `${role} writes`).toBe(mayWrite ? undefined : 'FORBIDDEN')
        const mayRead = rank >= ranks.indexOf(reader)
        expect(codeOf(await member(read)), `${role} reads`).toBe(mayRead ? undefined : 'FORBIDDEN')
      }
      const nobody = await rig.main.as({ ...tenant, roles: [] })
      expect(codeOf(await nobody(read))).toBe('FORBIDDEN')
      expect(codeOf(await nobody(write))).toBe('FORBIDDEN')
      // Who runs the platform does not read what is on it.
      expect(codeOf(await operator(read))).toBe('FORBIDDEN')
    })
  })
})

describe('the stores without a route', () => {
  let rig: StorageRig

  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterAll(() => rig.close())

  it.each(storeCases)('fail with 503, and $resourceKind is named', async (store) => {
    const owner = await rig.main.as(testTenant())
    for (const document of [store.write, store.read]) {
      const { errors } = await owner(document)
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'ROUTE_NOT_CONFIGURED',
        http_status: 503,
        retryable: true,
        details: { resource_kind: store.resourceKind, env: 'test' },
      })
    }
  })

  it('tell those who may not ask nothing of it', async () => {
    const nobody = await rig.main.as(testTenant({ roles: [] }))
    for (const { read } of storeCases) expect(codeOf(await nobody(read))).toBe('FORBIDDEN')
  })
})
