import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasCode } from '@heirloom/errors'
import { fixedClock, testTenant } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import type { RecordRange, RecordTable, TableRecord } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'
import { PartitionModel, type Expect, type ModelRecord, type ModelWrite } from './record-model.js'

// Few keys, so that operations meet. Some sort differently by UTF-16, by bytes, by language; others
// mean something to a path, a pattern, a query, a header, or somebody who normalises texts.
const keys = [
  'a',
  'a#b',
  'a%23b',
  'a~23b',
  'B',
  'ä',
  'a\u0308',
  '\uFFFD',
  '😀',
  ' ',
  '.',
  '..',
  '/',
  'a/b',
  '__a__',
  '\\',
  "'",
  '"',
  '?',
  '*',
  '%',
  '_',
  '\n',
  '\u007F',
  '\u{10FFFF}',
  'k'.repeat(1_024),
]
const partitions = ['p', 'p#', '..', '__p__', 'p/q', 'ü😀', 'p'.repeat(1_024)]
// Any text that can be a key, now and then.
const anyKey = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 8 })
  .filter((text) => !/[\0\p{Surrogate}]/u.test(text))
const sk = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...keys) },
  { weight: 1, arbitrary: anyKey },
)

const soonMs = 60_000
const write: fc.Arbitrary<ModelWrite> = fc.record({
  op: fc.constantFrom('put', 'put', 'delete'),
  sk,
  expect: fc.constantFrom<Expect>('anything', 'absent', 'current', 'current', 'outdated'),
  n: fc.integer(),
  livesMs: fc.constantFrom(null, null, soonMs, 1_000 * soonMs),
})
const range: fc.Arbitrary<RecordRange> = fc.record(
  {
    prefix: fc.constantFrom('a', 'a#', '_', 'ä', ''),
    after: sk,
    before: sk,
    order: fc.constantFrom('ascending' as const, 'descending' as const),
    limit: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: ['limit'] },
)

type Step =
  | { readonly do: 'transact'; readonly writes: readonly ModelWrite[] }
  /** By `put` and `delete` themselves. */
  | { readonly do: 'write'; readonly write: ModelWrite }
  | { readonly do: 'get'; readonly sk: string }
  | { readonly do: 'getMany'; readonly sks: readonly string[] }
  | { readonly do: 'query'; readonly range: RecordRange }
  | { readonly do: 'wait'; readonly ms: number }

const writes = fc.uniqueArray(write, { minLength: 1, maxLength: 5, selector: (one) => one.sk })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: writes.map((some) => ({ do: 'transact', writes: some }) as const) },
  { weight: 4, arbitrary: write.map((one) => ({ do: 'write', write: one }) as const) },
  { weight: 2, arbitrary: sk.map((one) => ({ do: 'get', sk: one }) as const) },
  {
    weight: 1,
    arbitrary: fc.array(sk, { maxLength: 6 }).map((sks) => ({ do: 'getMany', sks }) as const),
  },
  { weight: 2, arbitrary: range.map((one) => ({ do: 'query', range: one }) as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(soonMs - 1, soonMs).map((ms) => ({ do: 'wait', ms }) as const),
  },
)
const placed = fc.record({ at: fc.constantFrom(0, 1), step })

/** Runs random operations on the backend and on a map in memory, which must always agree. */
export function recordTableModelContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}, compared with a model`, () => {
    const clock = fixedClock()
    let running: RunningBackend
    let backend: OpenBackend
    beforeAll(async () => {
      running = await rig.start(clock.now)
      backend = running.open()
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })

    it('behaves like an ordered map with versions', async () => {
      const pair = fc.uniqueArray(fc.constantFrom(...partitions), { minLength: 2, maxLength: 2 })
      await fc.assert(
        fc.asyncProperty(pair, fc.array(placed, { maxLength: 24 }), async (pks, steps) => {
          const table = backend.records.for(testTenant().tenantId)
          const models = pks.map((pk) => ({ pk, model: new PartitionModel(clock.now) }))
          for (const { at, step: one } of steps) {
            const partition = models[at]
            if (one.do === 'wait') clock.advance(one.ms)
            if (one.do === 'wait' || partition === undefined) continue
            const { got, wanted } = await run(table, partition.pk, partition.model, one)
            expect(got).toEqual(wanted)
          }
          for (const { pk, model } of models) {
            expect(await readAll(table, pk, { limit: 7 })).toEqual(model.range({}))
          }
        }),
        { numRuns: 50 },
      )
    })
  })
}

interface Outcome {
  readonly got: unknown
  readonly wanted: unknown
}

async function run(
  table: RecordTable,
  pk: string,
  model: PartitionModel,
  step: Exclude<Step, { do: 'wait' }>,
): Promise<Outcome> {
  switch (step.do) {
    case 'get':
      return { got: shown(await table.get(pk, step.sk)), wanted: model.get(step.sk) }
    case 'getMany': {
      const found = await table.getMany(pk, step.sks)
      return { got: found.map(shown), wanted: step.sks.map((one) => model.get(one)) }
    }
    case 'query':
      return { got: await readAll(table, pk, step.range), wanted: model.range(step.range) }
    case 'write': {
      const one = step.write
      return attempt(model, [one], async () => [await writeOne(table, pk, model, one)])
    }
    default: {
      const writes = step.writes.map((one) => model.write(one))
      return attempt(model, step.writes, () => table.transact(pk, writes))
    }
  }
}

type Versions = Awaited<ReturnType<RecordTable['transact']>>

async function attempt(
  model: PartitionModel,
  planned: readonly ModelWrite[],
  work: () => Promise<Versions>,
): Promise<Outcome> {
  const holds = planned.every((one) => model.holds(one))
  const versions = await work().catch(noneOnConflict)
  if (versions !== null) planned.forEach((one, index) => model.apply(one, versions[index] ?? null))
  return { got: versions !== null, wanted: holds }
}

async function writeOne(
  table: RecordTable,
  pk: string,
  model: PartitionModel,
  planned: ModelWrite,
): Promise<Versions[number]> {
  const wanted = model.write(planned)
  if (wanted.op === 'put') return table.put(pk, wanted.sk, wanted.value, wanted)
  await table.delete(pk, wanted.sk, wanted)
  return null
}

function noneOnConflict(error: unknown): null {
  if (hasCode(error, 'CONFLICT')) return null
  throw error
}

async function readAll(
  table: RecordTable,
  pk: string,
  asked: RecordRange,
): Promise<readonly (ModelRecord | null)[]> {
  const found: (ModelRecord | null)[] = []
  let token: string | null = null
  do {
    const page = await table.query(pk, token === null ? asked : { ...asked, token })
    expect(page.records.length).toBeLessThanOrEqual(asked.limit)
    found.push(...page.records.map(shown))
    token = page.next
  } while (token !== null)
  return found
}

function shown(record: TableRecord | null): ModelRecord | null {
  if (record === null) return null
  const { value, version, expiresAt } = record
  // What the value says of its key, and the record, must be the same key.
  const sk =
    value['sk'] === record.sk ? record.sk : `${record.sk} with ${JSON.stringify(value['sk'])}`
  return { sk, n: Number(value['n']), version, expiresAtMs: expiresAt?.getTime() ?? null }
}
