import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import { createIntents, intentShards, type Intents } from '../strategies/intents.js'
import { createMemoryTable, type MemoryTable } from '../strategies/testing/memory-table.js'
import type { Sides } from './sides.js'
import { catchUp, createTending, workOffAll } from './tend.js'

const tenant = testTenant().tenantId
const graceMs = 1_000
const { signal } = new AbortController()

describe('intents that their writers left', () => {
  let primary: MemoryTable
  let shadow: MemoryTable
  let intents: Intents
  let sides: Sides
  /** How often something was asked of the shadow. */
  let calls: number

  beforeEach(() => {
    calls = 0
    primary = createMemoryTable()
    shadow = createMemoryTable()
    shadow.pause = () => {
      calls += 1
      return Promise.resolve()
    }
    intents = createIntents(createMemoryTable(), 'm')
    const stands = () => Promise.resolve()
    const tables = { primary, shadow, now: () => 0, stands }
    sides = { intents, stands, tables: () => tables } as unknown as Sides
  })

  const isIn = async (table: MemoryTable, pk: string, sk: string): Promise<boolean> =>
    (await table.get(pk, sk)) !== null

  async function left(): Promise<number> {
    const shards = Array.from({ length: intentShards }, (_, shard) => intents.list(shard, 1_000))
    return (await Promise.all(shards)).flat().length
  }

  it('are worked off together where they name the same records', async () => {
    for (const sk of ['a', 'b', 'c']) await primary.put('p', sk, { n: 1 })
    for (let n = 0; n < 300; n += 1) {
      await intents.leave(await intents.note({ tenant, pk: 'p', sks: [n % 2 === 0 ? 'a' : 'b'] }))
    }
    expect(await catchUp(sides, 0, signal)).toEqual({ left: 0, done: 300 })
    expect(calls).toBeLessThan(10)
    expect([await isIn(shadow, 'p', 'a'), await isIn(shadow, 'p', 'b')]).toEqual([true, true])
    expect(await isIn(shadow, 'p', 'c')).toBe(false)
    expect(await left()).toBe(0)
  })

  it('are left alone as long as a writer may rely on them', async () => {
    let clock = 0
    const tending = createTending(graceMs, () => clock)
    await primary.put('p', 'a', { n: 1 })
    await intents.note({ tenant, pk: 'p', sks: ['a'] })
    expect(await tending.round(sides, signal)).toBe(0)
    clock = graceMs - 1
    expect(await tending.round(sides, signal)).toBe(0)
    expect(await isIn(shadow, 'p', 'a')).toBe(false)
    clock = graceMs
    expect(await tending.round(sides, signal)).toBe(1)
    expect(await isIn(shadow, 'p', 'a')).toBe(true)
  })

  it('stay, all of them, when one of the copies fails', async () => {
    const records = [
      ['p', 'a'],
      ['q', 'b'],
    ] as const
    for (const [pk, sk] of records) {
      await primary.put(pk, sk, { n: 1 })
      await intents.note({ tenant, pk, sks: [sk] })
    }
    primary.pause = (what) => {
      if (what === 'get b') throw new AppError('INVALID_INPUT', 'it cannot be read')
      return Promise.resolve()
    }
    await expect(workOffAll(sides, signal)).rejects.toThrow('it cannot be read')
    expect(await left()).toBe(2)
    primary.pause = () => Promise.resolve()
    expect(await workOffAll(sides, signal)).toBe(2)
    for (const [pk, sk] of records) expect(await isIn(shadow, pk, sk)).toBe(true)
    expect(await left()).toBe(0)
  })
})
