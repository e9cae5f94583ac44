/** Compares what is there in the end with what the writers were told. */
import type { RecordTable } from '../../ports/record-table.js'
import type { Ledger } from './ledger.js'
import { counterKey, partitions } from './load.js'

export interface Verdict {
  /** Records, or keys whose deletion was acknowledged last, that are as they must be. */
  readonly rightOnce: number
  /** Acknowledged, and not there. */
  readonly lost: readonly string[]
  /** There more than once. */
  readonly doubled: readonly string[]
  /** There although their deletion, or expiry, was acknowledged last. */
  readonly resurrected: readonly string[]
  /** There in a state that was written over. */
  readonly stale: readonly string[]
  /** There, and nobody wrote it. */
  readonly foreign: readonly string[]
  readonly counted: { readonly atLeast: number; readonly is: number; readonly atMost: number }
}

const stillPrefix = 'table#still'
const stillPartitions = 20
export const stillPartition = (n: number): string => `${stillPrefix}${n % stillPartitions}`

const allPartitions: readonly string[] = [
  ...Array.from({ length: partitions }, (_, n) => `table#t${n}`),
  'table#counters',
  ...Array.from({ length: stillPartitions }, (_, n) => stillPartition(n)),
]

/** The `n` of every record by `pk/sk`, as often as it is there. */
export async function allRecords(
  table: RecordTable,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>()
  for (const pk of allPartitions) {
    let token: string | null = null
    do {
      const range = { limit: 500, ...(token === null ? {} : { token }) }
      const page: Awaited<ReturnType<RecordTable['query']>> = await table.query(pk, range)
      for (const { sk, value } of page.records) {
        const key = `${pk}/${sk}`
        found.set(key, [...(found.get(key) ?? []), Number(value['n'])])
      }
      token = page.next
    } while (token !== null)
  }
  return found
}

/** `filled`: how many records were put there that nobody wrote to afterwards. */
export async function judge(table: RecordTable, ledger: Ledger, filled: number): Promise<Verdict> {
  const found = await allRecords(table)
  const [lost, resurrected, stale, foreign]: [string[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ]
  const stillThere = new Map(
    [...found].flatMap(([key, states]) =>
      key.startsWith(stillPrefix) ? [[key.split('/').at(-1), states] as const] : [],
    ),
  )
  let rightOnce = 0
  for (let n = 0; n < filled; n += 1) {
    const [is] = stillThere.get(`still${n}`) ?? []
    if (is === undefined) lost.push(`still${n}`)
    else if (is === n) rightOnce += 1
    else stale.push(`still${n} is ${is}`)
  }
  for (const [key, states] of ledger.states) {
    const is = found.get(key)?.[0] ?? null
    const says = `${key} is ${is}, not ${[...states].join(' or ')}`
    if (states.has(is)) rightOnce += 1
    else if (is === null) lost.push(says)
    else if (states.size === 1 && states.has(null)) resurrected.push(says)
    else stale.push(says)
  }
  for (const key of found.keys()) {
    const isKnown = ledger.states.has(key) || key.startsWith(stillPrefix)
    if (!isKnown && !key.endsWith(counterKey)) foreign.push(key)
  }
  const doubled = [...found].flatMap(([key, states]) => (states.length > 1 ? [key] : []))
  const is = found.get(`table#counters/${counterKey}`)?.[0] ?? 0
  const counted = { ...ledger.counted, is }
  return { rightOnce, lost, doubled, resurrected, stale, foreign, counted }
}
