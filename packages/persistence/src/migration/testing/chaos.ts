/**
 * Backends that now and then fail before they did something, or after it, or take their time. What is
 * late may arrive when its sender has long given up. The registry is spared: it has tests of its own.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '../../backends/backend.js'
import type { RecordTable } from '../../ports/record-table.js'
import { routesPartition } from '../../routing/route-records.js'
import type { Random } from './random.js'

export interface Chaos {
  /** Of a call, between 0 and 1. */
  readonly failBefore: number
  readonly failAfter: number
  readonly late: number
  readonly maxLateMs: number
}

export function withChaos(
  backends: readonly Backend[],
  chaos: Chaos,
  random: Random,
): readonly Backend[] {
  return backends.map((backend) => ({
    ...backend,
    open: (config) => disturbed(backend.open(config), chaos, random),
  }))
}

function disturbed(open: OpenBackend, chaos: Chaos, random: Random): OpenBackend {
  async function maybe<T>(pk: string, work: () => Promise<T>): Promise<T> {
    if (pk === routesPartition) return work()
    if (random() < chaos.late) await delay(random() * chaos.maxLateMs)
    if (random() < chaos.failBefore) throw away()
    const result = await work()
    if (random() < chaos.failAfter) throw away()
    return result
  }

  return {
    ...open,
    records: {
      scan: (range, layout) => maybe('', () => open.records.scan(range, layout)),
      for: (tenant, layout) => {
        const table = open.records.for(tenant, layout)
        const made: RecordTable = {
          capabilities: table.capabilities,
          get: (pk, sk) => maybe(pk, () => table.get(pk, sk)),
          getMany: (pk, sks) => maybe(pk, () => table.getMany(pk, sks)),
          query: (pk, range) => maybe(pk, () => table.query(pk, range)),
          put: (pk, sk, value, options) => maybe(pk, () => table.put(pk, sk, value, options)),
          delete: (pk, sk, options) => maybe(pk, () => table.delete(pk, sk, options)),
          transact: (pk, writes) => maybe(pk, () => table.transact(pk, writes)),
          onChange: (pk, wake) => table.onChange(pk, wake),
        }
        return made
      },
    },
  }
}

function away(): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'chaos')
}
