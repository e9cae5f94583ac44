import { afterAll, beforeAll, describe } from 'vitest'
import { fixedClock, testTenant, type FixedClock } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { BackendType, OpenBackend } from '../../backends/backend.js'
import { keyLayoutOf, layoutsByKind } from '../../layouts/by-kind.js'
import { keyPattern } from '../../ports/key-pattern.js'
import type { RecordTable, TableRecord } from '../../ports/record-table.js'
import type { ScanPage } from '../../ports/record-scan.js'
import {
  isResourceKind,
  resourceKindNames,
  type ResourceKindName,
  type StoreScope,
} from '../../resource-kinds.js'
import type { BackendRig, RunningBackend } from '../backend-rig.js'

/** What the suites of the stores stand on: one backend, opened by two processes. */
export interface StoreBench {
  readonly clock: FixedClock
  /** What this bench has tables of. */
  readonly kinds: readonly ResourceKindName[]
  /**
   * The table of a kind, laid out as declared; it refuses keys that the layout does not declare.
   * The scope matters where a route is looked up for it.
   */
  table(kind: ResourceKindName, tenant: TenantId, process?: 0 | 1, scope?: StoreScope): RecordTable
  /** Everything of the kind that the tenant has, by neutral keys. */
  records(kind: ResourceKindName, tenant: TenantId): Promise<ReadonlyMap<string, TableRecord>>
}

export type StoreContract = (bench: StoreBench) => void

export function newTenant(): TenantId {
  return testTenant().tenantId
}

/** Starts one server for all the suites. */
export function onBench(rig: BackendRig, contracts: readonly StoreContract[]): void {
  describe(`stores on ${rig.type}`, () => {
    const clock = fixedClock()
    let running: RunningBackend
    let backends: readonly OpenBackend[] = []

    beforeAll(async () => {
      running = await rig.start(clock.now)
      backends = [running.open(), running.open()]
    })
    afterAll(async () => {
      await Promise.all(backends.map((backend) => backend.close()))
      await running.stop()
    })

    const bench: StoreBench = {
      kinds: resourceKindNames.filter(isResourceKind),
      clock,
      table: (kind, tenant, process = 0) => {
        const backend = backends[process]
        if (backend === undefined) throw new Error('no backend is open')
        return declared(kind, backend.records.for(tenant, keyLayoutOf(kind, rig.type)))
      },
      records: async (kind, tenant) => {
        const [backend] = backends
        if (backend === undefined) throw new Error('no backend is open')
        return allRecords(backend, rig.type, kind, tenant)
      },
    }
    for (const contract of contracts) contract(bench)
  })
}

/** Everything of the kind that the tenant has, by neutral keys, past every store and route. */
export async function allRecords(
  backend: OpenBackend,
  type: BackendType,
  kind: ResourceKindName,
  tenant: TenantId,
): Promise<ReadonlyMap<string, TableRecord>> {
  const found = new Map<string, TableRecord>()
  let token: string | null | undefined
  while (token !== null) {
    const range = { tenant, prefixes: prefixesOf(kind), limit: 500 }
    const page: ScanPage = await backend.records.scan(
      token === undefined ? range : { ...range, token },
      keyLayoutOf(kind, type),
    )
    for (const record of page.records) found.set(`${record.pk} ${record.sk}`, record)
    token = page.next
  }
  return found
}

function prefixesOf(kind: ResourceKindName): readonly string[] {
  const patterns = Object.values(layoutsByKind[kind]?.records ?? {})
  return [...new Set(patterns.map(({ pk }) => keyPattern(pk).literalPrefix))]
}

/** Every key that a store writes is one that its layout knows. */
export function declared(kind: ResourceKindName, table: RecordTable): RecordTable {
  const shapes = Object.values(layoutsByKind[kind]?.records ?? {}).map((record) => ({
    pk: keyPattern(record.pk),
    sk: keyPattern(record.sk),
  }))
  function check(pk: string, sk: string): void {
    if (shapes.some((shape) => shape.pk.match(pk) !== null && shape.sk.match(sk) !== null)) return
    throw new Error(`${kind} declares no record with the keys ${pk} and ${sk}`)
  }
  return {
    ...table,
    put: (pk, sk, value, options) => {
      check(pk, sk)
      return table.put(pk, sk, value, options)
    },
    transact: (pk, writes) => {
      for (const { sk } of writes) check(pk, sk)
      return table.transact(pk, writes)
    },
  }
}

/** Every item of a list, page by page. */
export async function allOf<T>(
  read: (page: { limit: number; token: string | null }) => Promise<{
    readonly items: readonly T[]
    readonly next: string | null
  }>,
  limit = 2,
): Promise<readonly T[]> {
  const items: T[] = []
  let token: string | null = null
  do {
    const page: { readonly items: readonly T[]; readonly next: string | null } = await read({
      limit,
      token,
    })
    items.push(...page.items)
    token = page.next
  } while (token !== null)
  return items
}
