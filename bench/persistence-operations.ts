import type { JsonObject, TabularStore } from '@heirloom/persistence'
import { interleave, type Comparison, type Contender, type Rounds } from './interleaved.js'
import type { Bar } from './report.js'

/** The operations that are compared, and what each does. */
export const operations = ['get', 'put', 'query'] as const
export type Operation = (typeof operations)[number]
export type Operations = Readonly<Record<Operation, Contender>>

export const tableName = 'measured'
export const rowCount = 200
export const pageItems = 50

/** About half a kilobyte of JSON. */
export function rowData(n: number): JsonObject {
  return { n, title: `Row ${n}`, tags: ['one', 'two'], text: 'lorem ipsum '.repeat(36) }
}

let turn = 0
/** Keys in a fixed order that is not the order of the table. */
export function nextKey(): string {
  turn += 1
  return rowKey((turn * 7) % rowCount)
}

export function rowKey(n: number): string {
  return `row-${String(n).padStart(4, '0')}`
}

/** The store as a request uses it: it asks for the route of its tenant each time. */
export function storeOperations(open: () => TabularStore): Operations {
  return {
    get: () => open().get(tableName, nextKey()),
    put: () => open().upsert(tableName, nextKey(), rowData(turn)),
    query: () => open().listByPrefix(tableName, 'row-', { limit: pageItems }),
  }
}

export async function fill(store: TabularStore): Promise<void> {
  for (let n = 0; n < rowCount; n += 1) await store.upsert(tableName, rowKey(n), rowData(n))
}

/**
 * Compares the store with the first of the vendor's ways, which the bars are about, and shows how
 * it compares with the others.
 */
export async function compareOperations<Way extends string>(
  backend: string,
  store: Operations,
  ways: Readonly<Record<Way, Operations>>,
  rounds: Rounds,
): Promise<readonly Bar[]> {
  const names = Object.keys(ways) as Way[]
  const bars: Bar[] = []
  for (const operation of operations) {
    const contenders: Record<string, Contender> = { store: store[operation] }
    for (const name of names) contenders[name] = ways[name][operation]
    const comparison = await interleave(contenders, rounds)
    describe(`${backend} ${operation}`, comparison, names)
    const [vendor = ''] = names
    for (const [share, goal] of [
      ['p50', 1.05],
      ['p99', 1.15],
    ] as const) {
      bars.push({
        name: `${backend} ${operation}, ${share} to ${vendor}`,
        value: comparison.ratio('store', vendor, share),
        unit: '×',
        goal,
        direction: 'max',
      })
    }
  }
  return bars
}

function describe(title: string, comparison: Comparison<string>, ways: readonly string[]): void {
  for (const name of ['store', ...ways]) {
    const { p50, p99 } = comparison.of[name] ?? { p50: Number.NaN, p99: Number.NaN }
    const ratios =
      name === 'store'
        ? ''
        : `   store to it: p50 ${comparison.ratio('store', name, 'p50').toFixed(2)}×` +
          ` p99 ${comparison.ratio('store', name, 'p99').toFixed(2)}×`
    console.log(
      `      ${title.padEnd(18)} ${name.padEnd(24)} p50 ${p50.toFixed(3)} ms  p99 ${p99.toFixed(3)} ms${ratios}`,
    )
  }
}
