import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { allEvents, appendEvents, given, ids, streamEnd } from './testing/operations.js'
import { errorOf, eventIds, type RawMessage, type RawSocket } from './testing/raw-socket.js'
import { startStorageRig, type StorageProcess, type StorageRig } from './testing/rig.js'

const isError = ({ type }: RawMessage): boolean => type === 'error'
const isEvent = (message: RawMessage): boolean => eventIds([message]).length > 0

describe('subscribers that break the rules', () => {
  let rig: StorageRig
  const open: RawSocket[] = []
  beforeAll(async () => {
    rig = await startStorageRig()
  })
  afterEach(() => {
    for (const { socket } of open.splice(0)) socket.terminate()
  })
  afterAll(() => rig.close())

  async function rawSocket(
    context?: TenantContext,
    process: StorageProcess = rig.main,
  ): Promise<RawSocket> {
    const raw = await process.rawSocket(context)
    open.push(raw)
    return raw
  }

  /** Whatever the test did: others are served as before. */
  async function othersAreServed(): Promise<void> {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const subscriber = await rig.main.subscriber(owner)
    given(await appendEvents(gql, 's', ['a']))
    expect(ids(await subscriber.eventStream('s', end).take(1))).toEqual(['a'])
    await subscriber.close()
  }

  it('with a thousand subscriptions on one socket get the first five hundred, and told so', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const raw = await rawSocket(owner)
    for (let n = 0; n < 1_000; n += 1) raw.subscribe(String(n), 's', end)
    const refused = await raw.got(500, isError)
    expect(refused.map((message) => errorOf(message).code)).toEqual(
      Array.from({ length: 500 }, () => 'RATE_LIMITED'),
    )
    given(await appendEvents(gql, 's', ['a']))
    const events = await raw.got(500, isEvent)
    expect(new Set(events.map(({ id }) => id)).size).toBe(500)
    await othersAreServed()
    // Who ends one may begin another.
    raw.send({ id: events[0]?.id, type: 'complete' })
    raw.subscribe('again', 's', end)
    expect(await raw.got(1, (message) => message.id === 'again' && isEvent(message))).toHaveLength(
      1,
    )
  })

  it('that never read are ended by name, with the cursor of what was sent, and miss nothing', async () => {
    const owner = testTenant()
    const process = await rig.startProcess({ streamLimits: { stallMs: 300, sweepMs: 50 } })
    const gql = await process.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const names = Array.from({ length: 60 }, (_, n) => `e${n}`)
    const raw = await rawSocket(owner, process)
    raw.subscribe('1', 's', end, 'id cursor data')
    raw.socket.pause()
    for (const id of names) {
      given(await appendEvents(gql, 's', [{ id, type: 'Large', data: 'x'.repeat(200_000) }]))
    }
    await stalled(process)
    raw.socket.resume()
    const [error] = await raw.got(1, isError)
    expect(error).toBeDefined()
    const { code, details } = errorOf(error ?? { type: 'none' })
    expect(code).toBe('CONSUMER_TOO_SLOW')
    const before = eventIds(raw.received)
    raw.subscribe('2', 's', String(details['cursor']))
    const after = eventIds(
      await raw.got(names.length - before.length, (one) => one.id === '2' && isEvent(one)),
    )
    expect([...before, ...after]).toEqual(names)
    expect(after.length).toBeGreaterThan(0)
    await process.close()
  })

  /** Another subscriber of the same process goes on until the stalled one must have been ended. */
  async function stalled(process: StorageProcess): Promise<void> {
    const owner = testTenant()
    const gql = await process.as(owner)
    const subscriber = await process.subscriber(owner)
    const events = subscriber.eventStream('s', given(await streamEnd(gql, 's')).streamEnd)
    const untilMs = Date.now() + 600
    for (let n = 0; Date.now() < untilMs; n += 1) {
      given(await appendEvents(gql, 's', [`e${n}`]))
      expect(ids(await events.take(1))).toEqual([`e${n}`])
    }
    await subscriber.close()
  }

  it('that send a frame which is too large lose their socket, and nobody else does', async () => {
    const raw = await rawSocket(testTenant())
    raw.socket.send('x'.repeat(9 * 1024 * 1024))
    expect(await raw.closed).toBe(1009)
    await othersAreServed()
  })

  it('that speak no protocol lose their socket with the code that says why', async () => {
    const cases: readonly (readonly [(raw: RawSocket) => void, number, TenantContext?])[] = [
      [(raw) => raw.socket.send('no json'), 4400, testTenant()],
      [(raw) => raw.socket.send('{"type":'), 4400, testTenant()],
      [(raw) => raw.send({ type: 'nonsense' }), 4400, testTenant()],
      [(raw) => raw.subscribe('1', 's'), 4401],
      [(raw) => raw.send({ type: 'connection_init', payload: {} }), 4401],
      [(raw) => raw.send({ type: 'connection_init' }), 4429, testTenant()],
    ]
    for (const [offend, code, context] of cases) {
      const raw = await rawSocket(context)
      offend(raw)
      expect(await raw.closed).toBe(code)
    }
    await othersAreServed()
  })

  it('that ask with a monster of a document are refused, and keep their socket', async () => {
    const owner = testTenant()
    const raw = await rawSocket(owner)
    const query = `subscription { eventStream(streamId: "s") { ${'id '.repeat(60_000)} } }`
    raw.send({ id: '1', type: 'subscribe', payload: { query } })
    const [refusal] = await raw.got(1, isError)
    expect(errorOf(refusal ?? { type: 'none' }).code).toBe('GRAPHQL_PARSE_FAILED')
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    raw.subscribe('2', 's', end)
    given(await appendEvents(gql, 's', ['a']))
    expect(eventIds(await raw.got(1, isEvent))).toEqual(['a'])
  })

  it('with names and cursors that are none are refused one by one', async () => {
    const owner = testTenant()
    const raw = await rawSocket(owner)
    const refusedAs = async (id: string): Promise<unknown> => {
      const [answer] = await raw.got(1, (message) => message.id === id)
      return errorOf(answer ?? { type: 'none' }).code
    }
    const cases = [
      ['s', 'garbage', 'CURSOR_INVALID'],
      ['s', '', 'CURSOR_INVALID'],
      ['s', `1.test.zzz.${'A'.repeat(43)}`, 'CURSOR_INVALID'],
      ['s', 'x'.repeat(100_000), 'CURSOR_INVALID'],
      ['', undefined, 'INVALID_INPUT'],
      ['a#b', undefined, 'INVALID_INPUT'],
      ['x'.repeat(201), undefined, 'INVALID_INPUT'],
      ['timeline/', undefined, 'NOT_FOUND'],
      ['canvas/other/1', undefined, 'NOT_FOUND'],
    ] as const
    for (const [index, [streamId, after, code]] of cases.entries()) {
      raw.subscribe(String(index), streamId, after)
      expect(await refusedAs(String(index))).toBe(code)
    }
  })

  it('and go away in the middle leave nothing behind', async () => {
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    const end = given(await streamEnd(gql, 's')).streamEnd
    const names = Array.from({ length: 40 }, (_, n) => `e${n}`)
    for (const id of names) {
      const raw = await rawSocket(owner)
      raw.subscribe('1', 's', end)
      given(await appendEvents(gql, 's', [id]))
      raw.socket.terminate()
    }
    expect(ids(await allEvents(gql, 's'))).toEqual(names)
    await othersAreServed()
  })
})

describe('the life of a subscription', () => {
  it('ends by name when its time is over, and goes on at its cursor for who may', async () => {
    const rig = await startStorageRig({
      subscriptionLifeMs: 300,
      streamLimits: { sweepMs: 20 },
    })
    const owner = testTenant()
    const gql = await rig.main.as(owner)
    let cursor = given(await streamEnd(gql, 's')).streamEnd
    const raw = await rig.main.rawSocket(owner)
    const appended: string[] = []
    const append = async (...names: readonly string[]): Promise<void> => {
      given(await appendEvents(gql, 's', names))
      appended.push(...names)
    }
    const seen: string[] = []
    for (let round = 0; round < 3 || seen.length < appended.length; round += 1) {
      const id = String(round)
      raw.subscribe(id, 's', cursor)
      if (round < 3) await append(`${round}a`, `${round}b`)
      const [end] = await raw.got(1, (message) => message.id === id && isError(message))
      const { code, details } = errorOf(end ?? { type: 'none' })
      expect(code).toBe('TOKEN_EXPIRED')
      cursor = String(details['cursor'])
      seen.push(...eventIds(raw.received.filter((message) => message.id === id)))
      if (round < 3) await append(`${round}c`)
    }
    expect(seen).toEqual(appended)
    // Without a right to it any more, the same cursor opens nothing.
    const demoted = await rig.main.rawSocket({ ...owner, roles: [] })
    demoted.subscribe('1', 's', cursor)
    const [refusal] = await demoted.got(1, ({ id }) => id === '1')
    expect(errorOf(refusal ?? { type: 'none' }).code).toBe('FORBIDDEN')
    raw.socket.terminate()
    demoted.socket.terminate()
    await rig.close()
  })
})
