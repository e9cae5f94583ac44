import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fixedClock, testTenant } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import { failedWrites } from '../ports/conflict.js'
import type { RecordTable, RecordVersion, Write } from '../ports/record-table.js'
import type { BackendRig, RunningBackend } from './backend-rig.js'

const pk = 'people'

/** What the port promises to one caller. Every backend passes all of it. */
export function recordTableContract(rig: BackendRig): void {
  describe(`RecordTable on ${rig.type}`, () => {
    const clock = fixedClock()
    let running: RunningBackend
    let backend: OpenBackend
    let table: RecordTable

    beforeAll(async () => {
      running = await rig.start(clock.now)
      backend = running.open()
    })
    afterAll(async () => {
      await backend.close()
      await running.stop()
    })
    beforeEach(() => {
      table = backend.records.for(testTenant().tenantId)
    })

    it('reads back what was written, and nothing before', async () => {
      expect(await table.get(pk, 'ada')).toBeNull()
      const value = { name: 'Ada', born: 1815, alive: false, notes: [null, 'ü', { a: '😀' }] }
      const version = await table.put(pk, 'ada', value)
      expect(await table.get(pk, 'ada')).toEqual({ sk: 'ada', value, version, expiresAt: null })
    })

    it('replaces the whole record and gives it a new version', async () => {
      const first = await table.put(pk, 'ada', { name: 'Ada', born: 1815 })
      const second = await table.put(pk, 'ada', { name: 'Ada King' })
      expect(second).not.toBe(first)
      expect((await table.get(pk, 'ada'))?.value).toEqual({ name: 'Ada King' })
    })

    it('reads many records at once, in the order asked for', async () => {
      const expiresAt = new Date(clock.now() + 60_000)
      await table.put(pk, 'ada', { n: 1 })
      await table.put(pk, 'a/../b#😀', { n: 2 })
      await table.put(pk, 'brief', { n: 3 }, { expiresAt })
      await table.put('others', 'bob', { n: 4 })
      await backend.records.for(testTenant().tenantId).put(pk, 'eve', { n: 5 })
      const asked = ['brief', 'bob', 'a/../b#😀', 'ada', 'eve', 'ada', 'none']
      const expected = await Promise.all(asked.map((sk) => table.get(pk, sk)))
      expect(await table.getMany(pk, asked)).toEqual(expected)
      expect(expected.map((record) => record?.value['n'])).toEqual([
        3,
        undefined,
        2,
        1,
        undefined,
        1,
        undefined,
      ])
      clock.advance(60_000 + table.capabilities.expiryPrecisionMs)
      expect(await table.getMany(pk, ['brief', 'ada'])).toEqual([null, await table.get(pk, 'ada')])
      expect(await table.getMany(pk, [])).toEqual([])
    })

    it('reads as many at once as it declares, and refuses one more and what is no key', async () => {
      const { maxBatchGetItems, maxTransactItems } = table.capabilities
      const sks = Array.from({ length: maxBatchGetItems + 1 }, (_, n) => `k${n}`)
      for (let start = 0; start < maxBatchGetItems; start += maxTransactItems) {
        const some = sks.slice(start, start + maxTransactItems)
        await table.transact(
          pk,
          some.map((sk) => ({ op: 'put', sk, value: { sk } })),
        )
      }
      const records = await table.getMany(pk, sks.slice(0, maxBatchGetItems).toReversed())
      expect(records.map((record) => record?.sk)).toEqual(
        sks.slice(0, maxBatchGetItems).toReversed(),
      )
      for (const [partition, keys] of [
        [pk, sks],
        [pk, ['ada', '']],
        [pk, ['a\0b']],
        ['', ['ada']],
      ] as const) {
        await expect(table.getMany(partition, keys)).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
      }
    })

    it('shows no record to another tenant, and lets none overwrite it', async () => {
      const other = backend.records.for(testTenant().tenantId)
      await table.put(pk, 'ada', { mine: true })
      expect(await other.get(pk, 'ada')).toBeNull()
      expect((await other.query(pk, { limit: 10 })).records).toEqual([])
      await other.put(pk, 'ada', { mine: false }, { expect: 'absent' })
      await other.delete(pk, 'ada')
      expect((await table.get(pk, 'ada'))?.value).toEqual({ mine: true })
    })

    it('writes on absence only once', async () => {
      await table.put(pk, 'ada', { n: 1 }, { expect: 'absent' })
      await expect(table.put(pk, 'ada', { n: 2 }, { expect: 'absent' })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      expect((await table.get(pk, 'ada'))?.value).toEqual({ n: 1 })
    })

    it('writes on a version only while it is the current one', async () => {
      const first = await table.put(pk, 'ada', { n: 1 })
      await table.put(pk, 'ada', { n: 2 }, { expect: { version: first } })
      await expect(
        table.put(pk, 'ada', { n: 3 }, { expect: { version: first } }),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
      expect((await table.get(pk, 'ada'))?.value).toEqual({ n: 2 })
    })

    it('never takes a record that was deleted and written again for the old one', async () => {
      const first = await table.put(pk, 'ada', { n: 1 })
      await table.delete(pk, 'ada')
      await table.put(pk, 'ada', { n: 1 })
      await expect(table.delete(pk, 'ada', { expect: { version: first } })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      expect(await table.get(pk, 'ada')).not.toBeNull()
    })

    it('deletes what is there, and does not mind what is not', async () => {
      const version = await table.put(pk, 'ada', {})
      await table.delete(pk, 'ada', { expect: { version } })
      expect(await table.get(pk, 'ada')).toBeNull()
      await table.delete(pk, 'ada')
      await expect(table.delete(pk, 'ada', { expect: { version } })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
    })

    it('sorts by the bytes of the key, whatever language they are in', async () => {
      const keys = ['Zoe', 'a', 'a#1', 'a$', 'aa', 'b', 'ä', 'z', '\uFFFD', '😀', '10', '9', ' ']
      for (const sk of keys) await table.put(pk, sk, {})
      const { records, next } = await table.query(pk, { limit: 100 })
      const expected = [...keys].sort((one, other) =>
        Buffer.compare(Buffer.from(one), Buffer.from(other)),
      )
      expect(records.map((record) => record.sk)).toEqual(expected)
      expect(next).toBeNull()
    })

    it('reads ranges by prefix, after and before, in both orders', async () => {
      for (const sk of ['a#1', 'a#2', 'a#3', 'a$', 'b#1']) await table.put(pk, sk, {})
      const keys = async (range: object): Promise<readonly string[]> =>
        (await table.query(pk, { limit: 10, ...range })).records.map((record) => record.sk)
      expect(await keys({ prefix: 'a#' })).toEqual(['a#1', 'a#2', 'a#3'])
      expect(await keys({ prefix: 'a#', after: 'a#1' })).toEqual(['a#2', 'a#3'])
      expect(await keys({ before: 'a#3', order: 'descending' })).toEqual(['a#2', 'a#1'])
      expect(await keys({ after: 'a#9', before: 'b' })).toEqual(['a$'])
      expect(await keys({ prefix: 'c' })).toEqual([])
    })

    it('pages through a range without gap or repetition, in both orders', async () => {
      const keys = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`)
      await table.transact(
        pk,
        keys.map((sk) => ({ op: 'put', sk, value: {} })),
      )
      for (const order of ['ascending', 'descending'] as const) {
        const seen: string[] = []
        let token: string | null = null
        do {
          const page = await table.query(pk, {
            order,
            limit: 10,
            ...(token === null ? {} : { token }),
          })
          seen.push(...page.records.map((record) => record.sk))
          token = page.next
        } while (token !== null)
        expect(seen).toEqual(order === 'ascending' ? keys : keys.toReversed())
      }
    })

    it('refuses a page token that is malformed or of another range', async () => {
      for (const sk of ['a', 'b', 'c']) await table.put(pk, sk, {})
      const { next } = await table.query(pk, { limit: 1 })
      for (const [partition, range, token] of [
        [pk, { limit: 1 }, 'garbage'],
        [pk, { limit: 1 }, ''],
        [pk, { limit: 1, prefix: 'a' }, next],
        ['other', { limit: 1 }, next],
        [pk, { limit: 1, order: 'descending' }, next],
      ] as const) {
        await expect(
          table.query(partition, { ...range, token: token ?? '' }),
        ).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
      }
    })

    it('keeps partitions apart', async () => {
      await table.put('one', 'k', { n: 1 })
      await table.put('two', 'k', { n: 2 })
      expect((await table.query('one', { limit: 10 })).records.map((r) => r.value)).toEqual([
        { n: 1 },
      ])
    })

    it('transacts all or nothing, and says which expectations failed', async () => {
      const version = await table.put(pk, 'b', { n: 1 })
      const attempt = table.transact(pk, [
        { op: 'put', sk: 'a', value: { n: 2 }, expect: 'absent' },
        { op: 'put', sk: 'b', value: { n: 2 }, expect: 'absent' },
        { op: 'put', sk: 'c', value: { n: 2 }, expect: { version } },
        { op: 'delete', sk: 'd' },
      ])
      const error = await attempt.then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(failedWrites(error)).toEqual([1, 2])
      const { records } = await table.query(pk, { limit: 10 })
      expect(records.map(({ sk, value }) => [sk, value])).toEqual([['b', { n: 1 }]])
    })

    it('transacts puts and deletes together and returns versions in the order given', async () => {
      const old = await table.put(pk, 'x', {})
      const versions = await table.transact(pk, [
        { op: 'put', sk: 'z', value: { n: 1 } },
        { op: 'delete', sk: 'x', expect: { version: old } },
        { op: 'put', sk: 'a', value: { n: 2 } },
      ])
      const { records } = await table.query(pk, { limit: 10 })
      expect(records.map((record) => record.sk)).toEqual(['a', 'z'])
      expect(versions).toEqual([records[1]?.version, null, records[0]?.version])
    })

    it('hides a record once it has expired, and lets it be written as absent', async () => {
      const expiresAt = new Date(clock.now() + 60_000)
      const version = await table.put(pk, 'ada', { n: 1 }, { expiresAt })
      expect((await table.get(pk, 'ada'))?.expiresAt).toEqual(expiresAt)
      clock.advance(60_000 + table.capabilities.expiryPrecisionMs)
      expect(await table.get(pk, 'ada')).toBeNull()
      expect((await table.query(pk, { limit: 10 })).records).toEqual([])
      await expect(table.put(pk, 'ada', { n: 2 }, { expect: { version } })).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      await table.put(pk, 'ada', { n: 2 }, { expect: 'absent' })
      expect(await table.get(pk, 'ada')).toMatchObject({ value: { n: 2 }, expiresAt: null })
    })

    it('refuses keys and values that no backend could keep', async () => {
      const { maxSortKeyBytes, maxPartitionKeyBytes, maxValueDepth } = table.capabilities
      let deep: object = {}
      for (let level = 0; level <= maxValueDepth; level += 1) deep = { deep }
      for (const [partition, sk, value] of [
        ['', 'k', {}],
        ['p'.repeat(maxPartitionKeyBytes + 1), 'k', {}],
        [pk, '', {}],
        [pk, 'k'.repeat(maxSortKeyBytes + 1), {}],
        [pk, 'a\0b', {}],
        [pk, '\uD83D', {}],
        [pk, 'k', { text: 'a\0b' }],
        [pk, 'k', { text: '\uDE00' }],
        [pk, 'k', { ['\0']: 1 }],
        [pk, 'k', { n: Number.NaN }],
        [pk, 'k', deep],
      ] as const) {
        await expect(table.put(partition, sk, value as never)).rejects.toMatchObject({
          code: 'INVALID_INPUT',
        })
      }
      await table.put('p'.repeat(maxPartitionKeyBytes), 'k'.repeat(maxSortKeyBytes), {})
    })

    it('refuses what is larger than it declares, and takes what is just as large', async () => {
      const { maxItemBytes, maxTransactItems, maxPageItems } = table.capabilities
      const around = JSON.stringify({ text: '' }).length
      await table.put(pk, 'large', { text: 'x'.repeat(maxItemBytes - around) })
      await expect(
        table.put(pk, 'large', { text: 'x'.repeat(maxItemBytes - around + 1) }),
      ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      const writes = Array.from({ length: maxTransactItems + 1 }, (_, n) => {
        return { op: 'put', sk: `k${n}`, value: {} } as const
      })
      await table.transact(pk, writes.slice(1))
      await expect(table.transact(pk, writes)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      await expect(table.query(pk, { limit: maxPageItems + 1 })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      })
      await expect(table.query(pk, { limit: 0 })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    })

    it('writes nothing of a transaction that is refused for its size or for one of its writes', async () => {
      const { maxItemBytes, maxTransactBytes, maxTransactItems } = table.capabilities
      const put = (sk: string, bytes = 0): Write => ({
        op: 'put',
        sk,
        value: { text: 'x'.repeat(bytes) },
      })
      const around = JSON.stringify({ text: '' }).length
      const full = maxItemBytes - around
      const many = Math.ceil(maxTransactBytes / maxItemBytes) + 1
      const refused: readonly (readonly [string, readonly Write[]])[] = [
        ['PAYLOAD_TOO_LARGE', Array.from({ length: maxTransactItems + 1 }, (_, n) => put(`k${n}`))],
        ['PAYLOAD_TOO_LARGE', [put('a'), put('b', full + 1), put('c')]],
        ['PAYLOAD_TOO_LARGE', Array.from({ length: many }, (_, n) => put(`k${n}`, full))],
        ['INVALID_INPUT', [put('a'), put(''), put('c')]],
        ['INVALID_INPUT', [put('a'), put('k'.repeat(2_048)), put('c')]],
        ['INVALID_INPUT', [put('a'), { op: 'put', sk: 'b', value: { n: Number.NaN } }, put('c')]],
      ]
      for (const [code, writes] of refused) {
        await expect(table.transact(pk, writes)).rejects.toMatchObject({ code })
        expect((await table.query(pk, { limit: 1 })).records).toEqual([])
      }
    })

    it('refuses a transaction without writes, or with two writes to one record', async () => {
      await expect(table.transact(pk, [])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
      await expect(
        table.transact(pk, [
          { op: 'put', sk: 'a', value: {} },
          { op: 'delete', sk: 'a' },
        ]),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    })

    it('refuses a version that it never gave', async () => {
      await expect(
        table.put(pk, 'ada', {}, { expect: { version: 'never' as RecordVersion } }),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
    })

    it('survives being closed and opened again', async () => {
      const tenant = testTenant().tenantId
      await backend.records.for(tenant).put(pk, 'ada', { n: 1 })
      const another = running.open()
      expect((await another.records.for(tenant).get(pk, 'ada'))?.value).toEqual({ n: 1 })
      await another.close()
    })
  })
}
