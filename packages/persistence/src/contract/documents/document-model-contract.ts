import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import { mergePatch } from '../../documents/merge-patch.js'
import type { Storage } from '../../documents/storage.js'
import type { DocumentStore } from '../../ports/document-store.js'
import type { JsonObject } from '../../ports/record-table.js'
import { take } from './document-watch-contract.js'
import type { RunningStorage, StorageRig } from './storage-rig.js'

// Few places, so that operations meet: two tenants, two databases, three paths.
const places = fc.record({
  tenant: fc.constantFrom(0, 1),
  database: fc.constantFrom('default', 'archive'),
  path: fc.constantFrom('a/1', 'a/ü', 'a/1/b/1'),
})
const data = fc.dictionary(
  fc.constantFrom('x', 'y', '$z', 'a.b'),
  fc.oneof(
    fc.integer(),
    fc.constant(null),
    fc.record({ x: fc.integer() }),
    fc.array(fc.boolean(), { maxLength: 2 }),
  ),
  { maxKeys: 3, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>
const step = fc.record({
  op: fc.constantFrom('create', 'create', 'update', 'patch', 'delete'),
  place: places,
  data,
  expect: fc.constantFrom('anything', 'anything', 'current', 'outdated'),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Entry {
  readonly version: number
  readonly data: JsonObject | null
}

/** Runs random operations on the backend and on a Map, which must always agree. */
export function documentModelContract(rig: StorageRig): void {
  describe(`DocumentStore on ${rig.name}, compared with a model`, () => {
    let running: RunningStorage
    let storage: Storage
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open()
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('does and tells what a map with versions would', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const stores = [testTenant(), testTenant()].map(({ tenantId }) =>
            storage.documents.for(tenantId),
          )
          const model = new Map<string, Entry>()
          const told = new Map<string, unknown[]>()
          const watches = await Promise.all(
            stores.flatMap((store, tenant) =>
              ['default', 'archive'].map(async (database) => ({
                key: `${tenant}/${database}`,
                watch: await store.watch(database),
              })),
            ),
          )
          for (const one of steps) {
            const store = stores[one.place.tenant]
            if (store === undefined) throw new Error('two tenants')
            await expectStep(store, model, told, one)
          }
          for (const [key, { data: expected }] of model) {
            const [tenant = '', database = '', ...path] = key.split('/')
            const found = await stores[Number(tenant)]?.get(database, path.join('/'))
            expect(found?.data ?? null).toEqual(expected)
          }
          for (const { key, watch } of watches) {
            const expected = told.get(key) ?? []
            const events = expected.length === 0 ? [] : await take(watch, expected.length)
            expect(
              events.map(({ type, collection, id, version, document }) => [
                type,
                `${collection}/${id}`,
                version,
                document?.data ?? null,
              ]),
            ).toEqual(expected)
          }
        }),
        { numRuns: 30 },
      )
    })
  })
}

async function expectStep(
  store: DocumentStore,
  model: Map<string, Entry>,
  told: Map<string, unknown[]>,
  { op, place: { tenant, database, path }, data: given, expect: expected }: Step,
): Promise<void> {
  const key = `${tenant}/${database}/${path}`
  const before = model.get(key)
  const version = before?.version ?? 0
  const condition =
    expected === 'anything' ? {} : { ifVersion: expected === 'current' ? version : version + 7 }
  const calls = {
    create: () => store.create(database, path, given),
    update: () => store.update(database, path, given, condition),
    patch: () => store.patch(database, path, given, condition),
    delete: () => store.delete(database, path, condition),
  }
  const alive = before !== undefined && before.data !== null
  const refused =
    op === 'create'
      ? alive && 'CONFLICT'
      : alive
        ? expected === 'outdated' && 'CONFLICT'
        : 'NOT_FOUND'
  const failure: unknown = await calls[op]().then(
    () => null,
    (error: unknown) => error,
  )
  expect(refused === false ? failure === null : hasCode(failure, refused)).toBe(true)
  if (refused !== false) return
  const after: JsonObject | null =
    op === 'delete' ? null : op === 'patch' ? mergePatch(before?.data ?? {}, given) : given
  const type = op === 'create' ? 'created' : op === 'delete' ? 'deleted' : 'updated'
  model.set(key, { version: version + 1, data: after })
  const scope = `${tenant}/${database}`
  told.set(scope, [...(told.get(scope) ?? []), [type, path, version + 1, after]])
}
