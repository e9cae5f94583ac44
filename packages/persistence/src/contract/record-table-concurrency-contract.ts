import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import { hasCode } from '@heirloom/errors'
import type { BackendRig, RunningBackend } from './backend-rig.js'

const writers = 24

/** What the port promises to several callers at the same time. */
export function recordTableConcurrencyContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}, used by many at once`, () => {
    let running: RunningBackend
    let backends: readonly OpenBackend[]

    beforeAll(async () => {
      running = await rig.start(Date.now)
      backends = [running.open(), running.open()]
    })
    afterAll(async () => {
      await Promise.all(backends.map((backend) => backend.close()))
      await running.stop()
    })

    const tablesOf = (): ((n: number) => ReturnType<OpenBackend['records']['for']>) => {
      const { tenantId } = testTenant()
      const tables = backends.map((backend) => backend.records.for(tenantId))
      return (n) => tables[n % tables.length] ?? tables[0] ?? raise()
    }

    it('lets exactly one of many writers create a record', async () => {
      const table = tablesOf()
      const outcomes = await settle((n) => table(n).put('p', 'k', { n }, { expect: 'absent' }))
      expect(outcomes).toEqual({ succeeded: 1, conflicts: writers - 1 })
    })

    it('lets exactly one of many writers replace a version', async () => {
      const table = tablesOf()
      const version = await table(0).put('p', 'k', {})
      const outcomes = await settle((n) => table(n).put('p', 'k', { n }, { expect: { version } }))
      expect(outcomes).toEqual({ succeeded: 1, conflicts: writers - 1 })
    })

    it('lets exactly one of many delete a version', async () => {
      const table = tablesOf()
      const version = await table(0).put('p', 'k', {})
      const outcomes = await settle((n) => table(n).delete('p', 'k', { expect: { version } }))
      expect(outcomes).toEqual({ succeeded: 1, conflicts: writers - 1 })
    })

    it('loses no increment when each writer tries again after a conflict', async () => {
      const table = tablesOf()
      await table(0).put('p', 'counter', { n: 0 })
      await Promise.all(
        Array.from({ length: 8 }, async (_, writer) => {
          for (let done = 0; done < 5;) {
            const record = await table(writer).get('p', 'counter')
            const n = Number(record?.value['n'])
            const expect = { version: record?.version ?? raise() }
            const written = await table(writer)
              .put('p', 'counter', { n: n + 1 }, { expect })
              .then(() => true, isConflict)
            if (written) done += 1
          }
        }),
      )
      expect((await table(0).get('p', 'counter'))?.value).toEqual({ n: 40 })
    })

    it('shows no reader a part of a transaction', async () => {
      const table = tablesOf()
      const writing = new AbortController()
      const reading = (async () => {
        while (!writing.signal.aborted) {
          const { records } = await table(1).query('p', { limit: 10 })
          expect(new Set(records.map((record) => record.value['n'])).size).toBeLessThanOrEqual(1)
          expect([0, 3]).toContain(records.length)
        }
      })()
      for (let n = 0; n < 20; n += 1) {
        const puts = ['c', 'a', 'b'].map((sk) => ({ op: 'put', sk, value: { n } }) as const)
        await table(0).transact('p', puts)
      }
      writing.abort()
      await reading
    })

    it('gives two transactions that cross each other no deadlock and no mixture', async () => {
      const table = tablesOf()
      await Promise.all(
        Array.from({ length: writers }, (_, n) => {
          const keys = n % 2 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a']
          return table(n).transact(
            'p',
            keys.map((sk) => ({ op: 'put', sk, value: { n } })),
          )
        }),
      )
      const { records } = await table(0).query('p', { limit: 10 })
      expect(new Set(records.map((record) => record.value['n'])).size).toBe(1)
    })

    it('wakes who waits for a partition when another process writes to it', async () => {
      const table = tablesOf()
      // Where none is declared, nobody relies on one: the stores' suites pass by polling alone.
      if (table(0).capabilities.changes === 'none') return
      const woken = new AbortController()
      const unsubscribe = table(0).onChange('p', () => woken.abort())
      const wait = once(woken.signal, 'abort')
      await table(1).put('p', 'k', {})
      await wait
      expect(woken.signal.aborted).toBe(true)
      unsubscribe()
    })
  })

  async function settle(
    write: (n: number) => Promise<unknown>,
  ): Promise<{ succeeded: number; conflicts: number }> {
    const results = await Promise.allSettled(Array.from({ length: writers }, (_, n) => write(n)))
    const failures = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as unknown] : []))
    expect(failures.filter((error) => !hasCode(error, 'CONFLICT'))).toEqual([])
    return { succeeded: writers - failures.length, conflicts: failures.length }
  }
}

function isConflict(error: unknown): false {
  if (hasCode(error, 'CONFLICT')) return false
  throw error
}

function raise(): never {
  throw new Error('the record is gone')
}
