import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { TableRecord } from '../../ports/record-table.js'
import {
  resourceKinds,
  type ResourceKind,
  type ResourceKindName,
  type StoreScope,
} from '../../resource-kinds.js'
import { newTenant, type StoreBench, type StoreContract } from './store-bench.js'
import { isolationCases } from './store-isolation-cases.js'

const mine: StoreScope = { mode: 'saas', projectId: 'p', userId: 'u', configScope: 'tenant' }
const others: StoreScope = { mode: 'lab', projectId: 'q', userId: 'v', configScope: 'system' }

/** They reach no data: a wake-up is a hint that carries nothing. */
const synchronous: readonly string[] = ['onAppend', 'onChange']

interface AnyCase {
  seed(store: unknown): Promise<unknown>
  readonly calls: Readonly<Record<string, (store: unknown, seeded: string) => Promise<unknown>>>
  readonly sharedByUsers?: readonly string[]
  readonly onePerInstallation?: boolean
}

/**
 * Generated: every kind of data, and every method of its store. Somebody has data; somebody else
 * calls the method with the very same ids. They must get what they would get if nobody had anything,
 * and afterwards everything must be as it was.
 */
export const storeIsolationContract: StoreContract = (bench) => {
  const installation = newTenant()

  for (const kind of bench.kinds) {
    const line: ResourceKind = resourceKinds[kind]
    const all: Readonly<Record<string, unknown>> = isolationCases
    // Each line has the type of its own store; what is the same about them all is this.
    const isolation = all[kind] as AnyCase
    const open = (tenant: TenantId, scope: StoreScope): unknown =>
      line.open(bench.table(kind, tenant, 0, scope), scope, { now: bench.clock.now })

    describe(`isolation of ${kind}`, () => {
      it('is tested for every method of its store', () => {
        const store = open(isolation.onePerInstallation === true ? installation : newTenant(), mine)
        const methods = Object.entries(store as object).flatMap(([name, method]) =>
          typeof method === 'function' && !synchronous.includes(name) ? [name] : [],
        )
        expect(new Set(Object.keys(isolation.calls))).toEqual(new Set(methods))
      })

      for (const [method, call] of Object.entries(isolation.calls)) {
        it(`${method} reaches nothing of another tenant`, async () => {
          const tenant = isolation.onePerInstallation === true ? installation : newTenant()
          const { seeded, before } = await seed(bench, kind, isolation, tenant, open(tenant, mine))
          const got = await outcome(call(open(newTenant(), mine), seeded))
          expect(got).toEqual(await outcome(call(open(newTenant(), mine), seeded)))
          expect(await bench.records(kind, tenant)).toEqual(before)
        })

        for (const part of line.isolatedBy) {
          if (part === 'userId' && isolation.sharedByUsers?.includes(method) === true) continue
          it(`${method} reaches nothing of another ${part}`, async () => {
            const [tenant, empty] = [newTenant(), newTenant()]
            const scope = { ...mine, [part]: others[part] }
            const { seeded, before } = await seed(
              bench,
              kind,
              isolation,
              tenant,
              open(tenant, mine),
            )
            const got = await outcome(call(open(tenant, scope), seeded))
            // An id that is taken in another mode is refused, which tells no more than that it is.
            const expected = await outcome(call(open(empty, mine), seeded))
            expect(['CONFLICT', expected]).toContainEqual(got)
            const after = await bench.records(kind, tenant)
            for (const [key, record] of before) expect(after.get(key)).toEqual(record)
          })
        }
      }
    })
  }
}

async function seed(
  bench: StoreBench,
  kind: ResourceKindName,
  isolation: AnyCase,
  tenant: TenantId,
  store: unknown,
): Promise<{ seeded: string; before: ReadonlyMap<string, TableRecord> }> {
  const seeded = await isolation.seed(store)
  const before = await bench.records(kind, tenant)
  expect(before.size).toBeGreaterThan(0)
  return { seeded: typeof seeded === 'string' ? seeded : '', before }
}

/** What a call came to, without what is new with every call; the code of what it threw. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    const result: unknown = await call
    const text = JSON.stringify(result ?? null, (name, value: unknown) =>
      ['id', 'version', 'position'].includes(name) ? null : value,
    )
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
