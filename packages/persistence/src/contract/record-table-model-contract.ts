import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import type { RecordTable, RecordVersion, Write } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

// Few keys, so that operations meet; some that sort differently by UTF-16, by bytes, by language.
const keys = ['a', 'a#b', 'a%23b', 'B', 'ä', '\uFFFD', '😀']

type Expect = 'anything' | 'absent' | 'current' | 'outdated'
interface Op {
  readonly op: 'put' | 'delete'
  readonly key: string
  readonly expect: Expect
  readonly n: number
}

const op: fc.Arbitrary<Op> = fc.record({
  op: fc.constantFrom('put', 'put', 'delete'),
  key: fc.constantFrom(...keys),
  expect: fc.constantFrom<Expect>('anything', 'absent', 'current', 'current', 'outdated'),
  n: fc.integer(),
})
const transaction = fc.uniqueArray(op, { minLength: 1, maxLength: 5, selector: (one) => one.key })

/** Runs random transactions on the backend and on a Map, which must always agree. */
export function recordTableModelContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}, compared with a model`, () => {
    let running: RunningBackend
    let backend: OpenBackend
    beforeAll(async () => {
      running = await rig.start(Date.now)
      backend = running.open()
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })

    it('behaves like an ordered map with versions', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(transaction, { maxLength: 12 }), async (transactions) => {
          const table = backend.records.for(testTenant().tenantId)
          const model = new Model()
          for (const ops of transactions) await step(table, model, ops)
          const { records } = await table.query('p', { limit: 100 })
          expect(records.map(({ sk, value, version }) => [sk, value['n'], version])).toEqual(
            model.sorted(),
          )
        }),
        { numRuns: 40 },
      )
    })
  })
}

async function step(table: RecordTable, model: Model, ops: readonly Op[]): Promise<void> {
  const writes = ops.map((one) => model.write(one))
  const holds = ops.every((one) => model.holds(one))
  const versions = await table.transact('p', writes).catch(noneOnConflict)
  expect(versions !== null).toBe(holds)
  if (versions !== null) ops.forEach((one, index) => model.apply(one, versions[index] ?? null))
}

function noneOnConflict(error: unknown): null {
  if (hasCode(error, 'CONFLICT')) return null
  throw error
}

class Model {
  private readonly records = new Map<string, { n: number; version: RecordVersion }>()
  private readonly outdated = new Map<string, RecordVersion>()

  holds({ op, key, expect }: Op): boolean {
    if (expect === 'anything') return true
    if (expect === 'absent') return op === 'delete' || !this.records.has(key)
    return expect === 'current' && this.records.has(key)
  }

  write({ op, key, expect, n }: Op): Write {
    const current = this.records.get(key)?.version ?? ('none' as RecordVersion)
    const old = this.outdated.get(key) ?? ('none' as RecordVersion)
    const version = { version: expect === 'current' ? current : old }
    const conditional = expect === 'current' || expect === 'outdated' ? version : expect
    if (op === 'put') return { op, sk: key, value: { n }, expect: conditional }
    return { op, sk: key, ...(conditional === 'absent' ? {} : { expect: conditional }) }
  }

  apply({ op, key, n }: Op, version: RecordVersion | null): void {
    const before = this.records.get(key)
    if (before !== undefined) this.outdated.set(key, before.version)
    if (op === 'delete' || version === null) this.records.delete(key)
    else this.records.set(key, { n, version })
  }

  sorted(): readonly (readonly [string, number, RecordVersion])[] {
    return [...this.records]
      .map(([key, { n, version }]) => [key, n, version] as const)
      .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  }
}
