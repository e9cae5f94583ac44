import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startFaultyProxy, type FaultyProxy } from '@heirloom/persistence/rigs'
import { testTenant } from '@heirloom/testkit'
import { appendEvents, given, streamEnd } from './testing/operations.js'
import { errorOf, eventIds, type RawMessage, type RawSocket } from './testing/raw-socket.js'
import { startStorageRig, type StorageProcess, type StorageRig } from './testing/rig.js'

const isError = ({ type }: RawMessage): boolean => type === 'error'
const isEvent = (message: RawMessage): boolean => eventIds([message]).length > 0

describe('a stream whose database is away for a while', () => {
  let rig: StorageRig
  const open: (RawSocket | StorageProcess | FaultyProxy)[] = []
  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) {
      if ('socket' in one) one.socket.terminate()
      else if ('stop' in one) await one.stop()
      else await one.close()
    }
  })
  afterAll(() => rig.close())

  /** A process that reaches its records by way of a proxy; the main one reaches them directly. */
  async function behindProxy(outageMs: number): Promise<{
    process: StorageProcess
    proxy: FaultyProxy
  }> {
    let proxy: FaultyProxy | undefined
    const process = await rig.startProcess({
      pollIntervalMs: 50,
      streamLimits: { outageMs, quietPollIntervalMs: 50 },
      wayToRecords: async (url) => {
        proxy = await startFaultyProxy(url)
        open.push(proxy)
        return proxy.url
      },
    })
    open.push(process)
    if (proxy === undefined) throw new Error('the records are reached directly')
    return { process, proxy }
  }

  it('goes on by itself when the connections were cut, with all that came meanwhile', async () => {
    const owner = testTenant()
    const { process, proxy } = await behindProxy(30_000)
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const raw = await process.rawSocket(owner)
    open.push(raw)
    raw.subscribe('1', 's', end)
    given(await appendEvents(gql, 's', ['a']))
    await raw.got(1, isEvent)
    for (const id of ['b', 'c', 'd']) {
      proxy.cut()
      given(await appendEvents(gql, 's', [id]))
    }
    expect(eventIds(await raw.got(4, isEvent))).toEqual(['a', 'b', 'c', 'd'])
    expect(raw.received.filter(isError)).toEqual([])
  })

  it('is told to its subscribers by name when it lasts, with the cursor to go on from', async () => {
    const owner = testTenant()
    const { process, proxy } = await behindProxy(300)
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const raw = await process.rawSocket(owner)
    open.push(raw)
    raw.subscribe('1', 's', end)
    given(await appendEvents(gql, 's', ['a']))
    await raw.got(1, isEvent)
    proxy.set('lose answers')
    given(await appendEvents(gql, 's', ['b']))
    const [message] = await raw.got(1, isError)
    const { code, details } = errorOf(message ?? { type: 'none' })
    expect(code).toBe('BACKEND_UNAVAILABLE')
    // Another process reaches it: the cursor is as good there.
    const other = await rig.main.rawSocket(owner)
    open.push(other)
    other.subscribe('1', 's', String(details['cursor']))
    expect(eventIds(await other.got(1, isEvent))).toEqual(['b'])
  })
})
