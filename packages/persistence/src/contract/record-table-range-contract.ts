import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import type { RecordRange, RecordTable } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

// Bounds that meet keys, lie between them, and are one code point or one byte away from them.
const keys = [
  'a',
  'a#',
  'a#1',
  'a#2',
  'a$',
  'ab',
  'b',
  '\x7f',
  '\x7f1',
  'ä',
  '\uD7FF',
  '\uFFFF',
  '😀',
]
const bounds = [...keys, 'a#15', 'A', 'c', '\u{10FFFF}', ' ', 'ä\u0301']

const range = fc.record(
  {
    prefix: fc.constantFrom('', ...bounds),
    after: fc.constantFrom(...bounds),
    before: fc.constantFrom(...bounds),
    order: fc.constantFrom('ascending' as const, 'descending' as const),
    limit: fc.integer({ min: 1, max: 20 }),
  },
  { requiredKeys: ['limit'] },
)

/** Whatever the range, its pages together are what a filter over all keys would give. */
export function recordTableRangeContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}, read by ranges`, () => {
    let running: RunningBackend
    let backend: OpenBackend
    let table: RecordTable
    beforeAll(async () => {
      running = await rig.start(Date.now)
      backend = running.open()
      table = backend.records.for(testTenant().tenantId)
      await table.transact(
        'p',
        keys.map((sk) => ({ op: 'put', sk, value: {} })),
      )
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })

    it('gives all keys of any range, each once and in order, page by page', async () => {
      await fc.assert(
        fc.asyncProperty(range, async (asked) => {
          expect(await readAll(table, asked)).toEqual(expected(asked))
        }),
        { numRuns: 150 },
      )
    })
  })
}

async function readAll(table: RecordTable, asked: RecordRange): Promise<readonly string[]> {
  const seen: string[] = []
  let token: string | null = null
  do {
    const page = await table.query('p', { ...asked, ...(token === null ? {} : { token }) })
    expect(page.records.length).toBeLessThanOrEqual(asked.limit)
    seen.push(...page.records.map(({ sk }) => sk))
    token = page.next
  } while (token !== null)
  return seen
}

function expected({ prefix = '', after, before, order }: RecordRange): readonly string[] {
  const wanted = [...keys]
    .filter((sk) => sk.startsWith(prefix))
    .filter((sk) => after === undefined || compare(sk, after) > 0)
    .filter((sk) => before === undefined || compare(sk, before) < 0)
    .sort(compare)
  return order === 'descending' ? wanted.toReversed() : wanted
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
