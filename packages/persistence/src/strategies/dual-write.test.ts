import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import { createBreaker } from './breaker.js'
import { defaultDualWriteTiming, dualWrite, type DualWriteParts } from './dual-write.js'
import { createIntents, intentShards } from './intents.js'
import { createMemoryTable, type MemoryTable } from './testing/memory-table.js'
import { isTombstone } from './tombstones.js'

const away = (): never => {
  throw new AppError('BACKEND_UNAVAILABLE', 'away')
}

describe('a dual write', () => {
  let primary: MemoryTable
  let shadow: MemoryTable
  let journal: MemoryTable
  let parts: DualWriteParts
  let clock: number

  beforeEach(() => {
    clock = 0
    primary = createMemoryTable()
    shadow = createMemoryTable({ maxItemBytes: 1_000, maxTransactItems: 5 })
    journal = createMemoryTable({ maxItemBytes: 200_000, maxTransactBytes: 1_000_000 })
    parts = {
      tenant: testTenant().tenantId,
      primary,
      shadow,
      intents: createIntents(journal, 'm'),
      breaker: createBreaker(1_000, () => clock),
      now: () => 0,
      steadyNow: () => clock,
      timing: { ...defaultDualWriteTiming, shadowTimeoutMs: 50 },
      isGranted: () => true,
    }
  })

  const left = async (): Promise<readonly string[]> => {
    await new Promise((resolve) => setImmediate(resolve))
    const shards = Array.from({ length: intentShards }, (_, shard) => parts.intents.list(shard, 50))
    return (await Promise.all(shards)).flat().flatMap(({ sks }) => sks)
  }

  it('is on both, and leaves nothing to be done', async () => {
    await dualWrite(parts, 'p', [
      { op: 'put', sk: 'a', value: { n: 1 }, expect: 'absent' },
      { op: 'put', sk: 'b', value: { n: 2 } },
    ])
    await dualWrite(parts, 'p', [{ op: 'delete', sk: 'a' }])
    expect(await primary.get('p', 'a')).toBeNull()
    expect(isTombstone((await shadow.get('p', 'a')) ?? { value: {} })).toBe(true)
    expect((await shadow.get('p', 'b'))?.value).toEqual({ n: 2 })
    expect(await left()).toEqual([])
  })

  it('succeeds while the shadow is away, and says what is to be copied', async () => {
    shadow.pause = away
    await dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: { n: 1 } }])
    await dualWrite(parts, 'p', [{ op: 'put', sk: 'b', value: { n: 1 }, expect: 'absent' }])
    expect((await primary.get('p', 'a'))?.value).toEqual({ n: 1 })
    expect([...(await left())].sort()).toEqual(['a', 'b'])
    const marked = (await parts.intents.list(shardOf(), 50)).map(({ isWritten }) => isWritten)
    expect(marked).toContain(true)
  })

  it('does not wait long for a shadow that hangs, and asks it no more for a while', async () => {
    let asked = 0
    shadow.pause = () => {
      asked += 1
      return new Promise(() => undefined)
    }
    for (let n = 0; n < 3; n += 1) await dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: {} }])
    const before = asked
    await dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: {} }])
    expect(asked).toBe(before)
    clock += 1_001
    shadow.pause = () => Promise.resolve()
    await dualWrite(parts, 'p', [{ op: 'put', sk: 'c', value: {} }])
    expect(await shadow.get('p', 'c')).not.toBeNull()
  })

  it('that the primary refuses is nowhere', async () => {
    await primary.put('p', 'a', { n: 1 })
    await expect(
      dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: { n: 2 }, expect: 'absent' }]),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await shadow.get('p', 'a')).toBeNull()
    expect(await left()).toEqual([])
  })

  it('of which the primary said nothing is copied as the primary has it', async () => {
    primary.pause = async (what) => {
      if (what.startsWith('wrote')) away()
    }
    await expect(
      dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: { n: 1 } }]),
    ).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect((await primary.get('p', 'a'))?.value).toEqual({ n: 1 })
    expect(await left()).toEqual(['a'])
  })

  it('is refused when the shadow could never keep it', async () => {
    const large = { text: 'x'.repeat(2_000) }
    const many = Array.from({ length: 6 }, (_, n) => {
      return { op: 'put', sk: `k${n}`, value: {} } as const
    })
    for (const writes of [[{ op: 'put', sk: 'a', value: large }] as const, many]) {
      await expect(dualWrite(parts, 'p', writes)).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
      })
    }
    expect(primary.all().size).toBe(0)
  })

  it('does not touch the shadow once its process may no longer act', async () => {
    const isGranted = (): boolean => primary.all().size === 0
    await dualWrite({ ...parts, isGranted }, 'p', [{ op: 'put', sk: 'a', value: {} }])
    expect(await shadow.get('p', 'a')).toBeNull()
    expect(await left()).toEqual(['a'])
  })

  it('whose process slept before it wrote is nowhere, and may be tried again', async () => {
    const attempt = dualWrite({ ...parts, isGranted: () => false }, 'p', [
      { op: 'put', sk: 'a', value: {} },
    ])
    await expect(attempt).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE', retryable: true })
    expect(primary.all().size + shadow.all().size).toBe(0)
    expect(await left()).toEqual([])
  })

  it('whose process slept just before the copy leaves what the other side has got since', async () => {
    let isGranted = true
    await shadow.put('p', 'a', { n: 0 })
    shadow.pause = async (what) => {
      if (!what.startsWith('write') || !isGranted) return
      isGranted = false
      await shadow.put('p', 'a', { n: 2 })
    }
    const slow = { ...parts, isGranted: () => isGranted }
    await dualWrite(slow, 'p', [{ op: 'put', sk: 'a', value: { n: 1 } }])
    expect((await shadow.get('p', 'a'))?.value).toEqual({ n: 2 })
  })

  it('that took long is noted again, because its first note may have been worked off', async () => {
    primary.pause = async (what) => {
      if (what.startsWith('write')) clock += 60_000
    }
    shadow.pause = async (what) => {
      if (what.startsWith('write')) away()
    }
    const noted: string[] = []
    const { intents } = parts
    parts = {
      ...parts,
      intents: {
        ...intents,
        note: (intent) => {
          noted.push(...intent.sks)
          return intents.note(intent)
        },
      },
    }
    await dualWrite(parts, 'p', [{ op: 'put', sk: 'a', value: {}, expect: 'absent' }])
    expect(noted).toEqual(['a', 'a'])
    expect(await left()).toEqual(['a'])
  })

  it('notes as many records as the keys need', async () => {
    const sks = Array.from({ length: 300 }, (_, n) => `${n}`.padStart(900, 'k'))
    const noted = await parts.intents.note({ tenant: parts.tenant, pk: 'p', sks })
    expect(noted.ids.length).toBeGreaterThan(1)
    const found = await parts.intents.list(noted.shard, 50)
    expect(found.flatMap((one) => one.sks)).toEqual(sks)
    parts.intents.forget(noted)
    expect(await left()).toEqual([])
  })

  /** The shard that the first intent found is in. */
  function shardOf(): number {
    const [key = ''] = journal.all().keys()
    return Number(/#(\d+)\//.exec(key)?.[1] ?? 0)
  }
})
