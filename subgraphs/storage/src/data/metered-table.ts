import { toAppError } from '@heirloom/errors'
import type { RecordTable } from '@heirloom/persistence'
import type { LatencyWindow } from './latency-window.js'

/** The table, with each call timed. Costs two looks at a clock and an increment. */
export function meteredTable(table: RecordTable, window: LatencyWindow): RecordTable {
  async function timed<T>(call: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    try {
      const result = await call
      window.record(performance.now() - startedAt)
      return result
    } catch (error) {
      window.record(performance.now() - startedAt, failureOf(error))
      throw error
    }
  }
  return {
    get capabilities() {
      return table.capabilities
    },
    get: (pk, sk) => timed(table.get(pk, sk)),
    getMany: (pk, sks) => timed(table.getMany(pk, sks)),
    put: (pk, sk, value, options) => timed(table.put(pk, sk, value, options)),
    delete: (pk, sk, options) => timed(table.delete(pk, sk, options)),
    query: (pk, range) => timed(table.query(pk, range)),
    transact: (pk, writes) => timed(table.transact(pk, writes)),
    onChange: (pk, wake) => table.onChange(pk, wake),
  }
}

const firstServerStatus = 500

/** A refused expectation or a bad key is the caller's doing, not the backend's. */
function failureOf(error: unknown): string | undefined {
  const { code, status } = toAppError(error)
  return status < firstServerStatus ? undefined : code
}
