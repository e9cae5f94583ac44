import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failedWrites } from '../ports/conflict.js'
import { copyRecord, copyRecords, type CopyTables } from './copy-record.js'
import { sameContent } from './same-record.js'
import { createMemoryTable, type MemoryTable } from './testing/memory-table.js'
import { isTombstone, tombstoneField, tombstoneValue } from './tombstones.js'

const keys = ['a', 'b']

type Step =
  | { readonly does: 'put' | 'delete' | 'verify'; readonly key: string; readonly n: number }
  | { readonly does: 'backfill'; readonly key: string; readonly n: number }

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('put', 'put', 'delete', 'backfill', 'verify'),
  key: fc.constantFrom(...keys),
  n: fc.nat(3),
})

describe('copies to a shadow', () => {
  it('end with what the primary says, in whatever order they arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 6 }),
        fc.scheduler(),
        async (steps, scheduler) => {
          const { tables, primary, shadow } = make()
          await primary.put('p', 'a', { n: 100 })
          const late = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what)
          primary.pause = late
          shadow.pause = late
          const all = Promise.all(steps.map((one) => take(tables, one)))
          await scheduler.waitFor(all)
          primary.pause = shadow.pause = () => Promise.resolve()
          for (const key of keys) {
            const copied = steps.some((one) => one.key === key)
            if (!copied) continue
            const pair = [await primary.get('p', key), await shadow.get('p', key)] as const
            expect(sameContent(...pair), JSON.stringify([steps, pair])).toBe(true)
          }
        },
      ),
      { numRuns: 1_500 },
    )
  })

  it('of a record that was deleted meanwhile do not bring it back', async () => {
    const { tables, primary, shadow } = make()
    await primary.put('p', 'a', { n: 1 })
    const record = await primary.get('p', 'a')
    await primary.delete('p', 'a')
    await copyRecord(tables, 'p', 'a', true)
    await expect(
      shadow.put('p', 'a', record?.value ?? {}, { expect: 'absent' }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(isTombstone((await shadow.get('p', 'a')) ?? { value: {} })).toBe(true)
  })

  it('after a write change the version even of what is the same already', async () => {
    const { tables, primary, shadow } = make()
    await primary.put('p', 'a', { n: 1 })
    await copyRecord(tables, 'p', 'a', true)
    const before = await shadow.get('p', 'a')
    expect(await copyRecord(tables, 'p', 'a', false)).toBe('same')
    expect((await shadow.get('p', 'a'))?.version).toBe(before?.version)
    expect(await copyRecord(tables, 'p', 'a', true)).toBe('copied')
    expect((await shadow.get('p', 'a'))?.version).not.toBe(before?.version)
  })

  it('leave a tombstone that expires, whose time a later copy does not put off', async () => {
    const { tables, shadow } = make()
    await copyRecord(tables, 'p', 'a', true)
    const first = await shadow.get('p', 'a')
    expect(first).toMatchObject({ value: { [tombstoneField]: true } })
    expect(first?.expiresAt).toBeInstanceOf(Date)
    await copyRecord(tables, 'p', 'a', true)
    expect((await shadow.get('p', 'a'))?.expiresAt).toEqual(first?.expiresAt)
  })

  it('are not made by who slept while the two changed places, wherever it slept', async () => {
    const places = [
      ...(['get a', 'got a', 'stands', 'write a'] as const).map((at) => ['shadow', at] as const),
      ...(['get a', 'got a'] as const).map((at) => ['primary', at] as const),
    ]
    for (const together of [false, true]) {
      for (const [side, at] of places) {
        const where = together && at === 'write a' ? 'write a,b' : at
        const { tables, primary, shadow } = make()
        await primary.put('p', 'a', { n: 1 })
        await primary.put('p', 'b', { n: 1 })
        await copyRecords(tables, 'p', ['a', 'b'], true)
        let hasChanged = false
        const change = async (what: string): Promise<void> => {
          if (what !== where || hasChanged) return
          hasChanged = true
          // The shadow is the primary now, and somebody writes to it before the other one follows.
          await shadow.put('p', 'a', { n: 2 })
          await shadow.delete('p', 'b')
        }
        const stands = async (): Promise<void> => {
          await change('stands')
          if (hasChanged) throw new Error('changed places')
        }
        tables[side].pause = change
        const sleeper = { ...tables, stands }
        const copies = together
          ? copyRecords(sleeper, 'p', ['a', 'b'], true)
          : copyRecord(sleeper, 'p', 'a', true)
        await copies.catch(() => undefined)
        const there = [(await shadow.get('p', 'a'))?.value, await shadow.get('p', 'b')]
        const says = `${where} of the ${side}, ${String(together)}`
        if (!hasChanged) throw new Error(`never reached: ${says}`)
        expect(there, says).toEqual([{ n: 2 }, null])
      }
    }
  })

  it('of many are made together, and one by one where somebody interferes', async () => {
    const { tables, primary, shadow } = make()
    const sks = Array.from({ length: 120 }, (_, n) => `k${n}`)
    for (const sk of sks.slice(0, 110)) await primary.put('p', sk, { sk })
    const writes: string[] = []
    shadow.pause = async (what) => {
      if (!what.startsWith('write')) return
      writes.push(what)
      if (writes.length === 1) await shadow.put('p', 'k3', { sk: 'older' })
    }
    await copyRecords(tables, 'p', [...sks, 'k0'], true)
    // What somebody else writes; three, one of them again without k3; then k3.
    expect(writes).toHaveLength(6)
    const values = await Promise.all(sks.map(async (sk) => (await shadow.get('p', sk))?.value))
    expect(values).toEqual(sks.map((sk, index) => (index < 110 ? { sk } : tombstoneValue)))
  })

  it('carry the expiry along', async () => {
    const { tables, primary, shadow } = make()
    const expiresAt = new Date(5_000)
    await primary.put('p', 'a', { n: 1 }, { expiresAt })
    await copyRecord(tables, 'p', 'a', false)
    expect(await shadow.get('p', 'a')).toMatchObject({ value: { n: 1 }, expiresAt })
  })
})

interface Made {
  readonly tables: CopyTables & { readonly primary: MemoryTable; readonly shadow: MemoryTable }
  readonly primary: MemoryTable
  readonly shadow: MemoryTable
}

function make(): Made {
  const [primary, shadow] = [createMemoryTable(), createMemoryTable()]
  const stands = (): Promise<void> => Promise.resolve()
  return { primary, shadow, tables: { primary, shadow, now: () => 0, stands } }
}

async function take(tables: CopyTables, { does, key, n }: Step): Promise<void> {
  if (does === 'verify') {
    await copyRecord(tables, 'p', key, false)
  } else if (does === 'backfill') {
    await backfill(tables, key)
  } else {
    if (does === 'put') await tables.primary.put('p', key, { n })
    else await tables.primary.delete('p', key)
    await copyRecord(tables, 'p', key, true)
  }
}

/** As a page does it: what was read long before is put where there is nothing. */
async function backfill(tables: CopyTables, key: string): Promise<void> {
  const record = await tables.primary.get('p', key)
  if (record === null) {
    await copyRecord(tables, 'p', key, false)
    return
  }
  try {
    await tables.shadow.put('p', key, record.value, { expect: 'absent' })
  } catch (error) {
    if (failedWrites(error) === null) throw error
    await copyRecord(tables, 'p', key, true)
  }
}
