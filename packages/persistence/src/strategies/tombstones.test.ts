import { describe, expect, it } from 'vitest'
import { failedWrites } from '../ports/conflict.js'
import { createMemoryTable } from './testing/memory-table.js'
import { tombstoneValue, withoutTombstones } from './tombstones.js'

describe('a table with tombstones', () => {
  async function make(): Promise<{
    raw: ReturnType<typeof createMemoryTable>
    table: ReturnType<typeof withoutTombstones>
  }> {
    const raw = createMemoryTable()
    await raw.put('p', 'gone', tombstoneValue)
    await raw.put('p', 'there', { n: 1 })
    return { raw, table: withoutTombstones(raw) }
  }

  it('reads as if they were not there', async () => {
    const { table } = await make()
    expect(await table.get('p', 'gone')).toBeNull()
    expect((await table.getMany('p', ['gone', 'there']))[0]).toBeNull()
    expect((await table.query('p', { limit: 10 })).records.map(({ sk }) => sk)).toEqual(['there'])
  })

  it('takes a write that expects nothing there, and still refuses one where something is', async () => {
    const { table, raw } = await make()
    await table.put('p', 'gone', { n: 2 }, { expect: 'absent' })
    expect((await raw.get('p', 'gone'))?.value).toEqual({ n: 2 })
    await expect(table.put('p', 'gone', {}, { expect: 'absent' })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('says which expectations really failed', async () => {
    const { table } = await make()
    const attempt = table.transact('p', [
      { op: 'put', sk: 'gone', value: {}, expect: 'absent' },
      { op: 'put', sk: 'there', value: {}, expect: 'absent' },
    ])
    expect(failedWrites(await attempt.catch((error: unknown) => error))).toEqual([1])
    expect(await table.get('p', 'gone')).toBeNull()
  })

  it('takes the write also when the tombstone is swept in between', async () => {
    const { table, raw } = await make()
    let looked = false
    raw.pause = async (what) => {
      if (what !== 'got gone' || looked) return
      looked = true
      raw.pause = () => Promise.resolve()
      await raw.delete('p', 'gone')
    }
    await table.put('p', 'gone', { n: 3 }, { expect: 'absent' })
    expect((await raw.get('p', 'gone'))?.value).toEqual({ n: 3 })
  })
})
