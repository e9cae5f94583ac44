import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIds } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backends/backend.js'
import type { RecordTable } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

// Texts that mean something to a key, a path, a pattern or a query.
const parts = [
  'a',
  'A',
  'chat',
  'tenant',
  '#',
  '%23',
  '%',
  '..',
  '/',
  '\\',
  '*',
  "'",
  '"',
  '~',
  '=23',
  'ä',
  '.',
  '_',
  '-',
  ' ',
]
const text = fc
  .array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 })
  .map((p) => p.join(''))
const newId = createIds()

/** Two tenants, as hostile as their names and keys can be: neither ever meets the other. */
export function recordTableIsolationContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}, used by two tenants`, () => {
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

    it('shows, changes and removes nothing of the other, whatever they are called', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(text, text).filter(([one, other]) => one !== other),
          fc.tuple(text, text, text),
          async ([suffix, otherSuffix], [pk, otherPk, sk]) => {
            // Fresh in each run, and one name the beginning of the other as often as not.
            const base = `t_${newId().toLowerCase()}`
            const mine = backend.records.for(`${base}${suffix}` as TenantId)
            const theirs = backend.records.for(`${base}${otherSuffix}` as TenantId)
            const others = [pk, otherPk, `${suffix}#${pk}`, `${otherSuffix}#${pk}`]
            const version = await mine.put(pk, sk, { mine: true })
            for (const key of others) {
              for (const intrude of Object.values(intrusions)) await intrude(theirs, key, sk)
            }
            expect(await mine.get(pk, sk)).toMatchObject({ value: { mine: true }, version })
            expect((await mine.query(pk, { limit: 9 })).records).toHaveLength(1)
          },
        ),
        { numRuns: 60 },
      )
    })
  })
}

type Intrusion = (table: RecordTable, pk: string, sk: string) => Promise<void>

/** One per method, in this order: a new one that is missing here does not compile. */
const intrusions: Readonly<Record<Exclude<keyof RecordTable, 'capabilities'>, Intrusion>> = {
  get: async (table, pk, sk) => expect(await table.get(pk, sk)).toBeNull(),
  getMany: async (table, pk, sk) => expect(await table.getMany(pk, [sk])).toEqual([null]),
  query: async (table, pk) => expect((await table.query(pk, { limit: 9 })).records).toEqual([]),
  put: async (table, pk, sk) => {
    await table.put(pk, sk, { mine: false }, { expect: 'absent' })
  },
  delete: (table, pk, sk) => table.delete(pk, sk),
  transact: async (table, pk, sk) => {
    await table.transact(pk, [
      { op: 'put', sk, value: { mine: false } },
      { op: 'put', sk: `${sk}#`, value: {} },
    ])
    await table.transact(pk, [
      { op: 'delete', sk },
      { op: 'delete', sk: `${sk}#` },
    ])
  },
  // A hint that carries nothing: it may come without any change.
  onChange: (table, pk) => Promise.resolve(table.onChange(pk, () => undefined)()),
}
