import * as fc from 'fast-check'
import { GraphQLError } from 'graphql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHeirloomClient, type HeirloomClient, type Token } from './client.js'
import type { HeirloomError } from './heirloom-error.js'
import { cursorOf, startLogServer, type LogServer } from './test-server.js'

let server: LogServer
beforeEach(async () => {
  server = await startLogServer()
})
afterEach(() => server.close())

const document =
  'subscription ($after: String) { timeline(legacyId: "L", after: $after) { cursor id } }'

function client(token?: Token): HeirloomClient {
  return clientOf(server, token)
}

function clientOf({ url }: LogServer, token?: Token): HeirloomClient {
  return createHeirloomClient({
    url,
    webSocketImpl: WebSocket,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    ...(token === undefined ? {} : { token }),
  })
}

/** Follows until the event with this id has come, or the subscription ends with an error. */
function collect(
  api: HeirloomClient,
  until: number,
  options: { after?: string; onEvent?: (id: string) => void | Promise<void> } = {},
) {
  const ids: string[] = []
  const interruptions: HeirloomError[] = []
  let started: (cursor: string) => void = () => undefined
  const start = new Promise<string>((resolve) => (started = resolve))
  let failure: HeirloomError | undefined
  const subscription = api.followTimeline<{ id: string }>('L', {
    after: options.after,
    selection: 'id',
    onStart: started,
    onEvent: async ({ id }) => {
      ids.push(id)
      await options.onEvent?.(id)
      if (Number(id) >= until) subscription.close()
    },
    onInterruption: (error) => interruptions.push(error),
    onError: (error) => (failure = error),
  })
  return {
    subscription,
    start,
    ids,
    interruptions,
    end: async () => {
      await subscription.ended
      return failure
    },
  }
}

const upTo = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index))

describe('a subscription', () => {
  it('hands out what comes after its cursor, in order, and then what is appended', async () => {
    server.append(3)
    const run = collect(client(), 5, { after: cursorOf(1) })
    server.append(2)
    expect(await run.end()).toBeUndefined()
    expect(run.ids).toEqual(['2', '3', '4', '5'])
    expect(run.subscription.cursor).toBe(cursorOf(5))
  })

  it('starts now, without what was there before', async () => {
    server.append(2)
    const run = collect(client(), 3)
    expect(await run.start).toBe(cursorOf(2))
    server.append(1)
    await run.end()
    expect(run.ids).toEqual(['3'])
  })

  it('loses nothing that is written while its first connection is away, before any event', async () => {
    server.append(2)
    server.refuseConnection = { code: 1001, reason: 'going away' }
    const run = collect(client(), 4)
    await run.start
    server.append(2)
    await expect.poll(() => run.interruptions.length).toBeGreaterThan(2)
    server.refuseConnection = null
    await run.end()
    expect(run.ids).toEqual(['3', '4'])
  })

  it.each([
    ['without a goodbye', undefined],
    ['by a normal closure', 1000],
    ['by a server that goes away', 1001],
    ['by an internal error of the server', 4500],
  ])('resumes after the last event when it is cut %s', async (_how, code) => {
    const run = collect(client(), 4)
    await run.start
    server.append(2)
    await expect.poll(() => run.ids.length).toBe(2)
    server.cut(code)
    server.append(2)
    await run.end()
    expect(run.ids).toEqual(['1', '2', '3', '4'])
    expect(run.interruptions.every((error) => error.code === 'CONNECTION_LOST')).toBe(true)
  })

  it('hands out every event once and in order, wherever the connection is cut', async () => {
    let interruptions = 0
    const cutsAt = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 })
    const batchSizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        cutsAt,
        batchSizes,
        fc.nat(5),
        fc.boolean(),
        async (cuts, sizes, after, slow) => {
          const log = await startLogServer()
          const pending = new Set(cuts)
          log.beforeSend = (position) => {
            if (pending.delete(position)) log.cut(position % 2 === 0 ? undefined : 1001)
          }
          const [first = 1, ...later] = sizes
          const total = sizes.reduce((sum, count) => sum + count, 0)
          const begin = Math.min(after, first - 1)
          let appended = 0
          const append = (count = 0): void => {
            appended += count
            log.append(count)
          }
          append(first)
          const run = collect(clientOf(log), total, {
            after: cursorOf(begin),
            onEvent: async (id) => {
              // Also while the reader is behind, and always before it would wait for ever.
              if (Number(id) === appended || Number(id) % 5 === 0) append(later.shift())
              if (slow) await new Promise((resolve) => setImmediate(resolve))
            },
          })
          const failure = await run.end()
          await log.close()
          interruptions += run.interruptions.length
          expect(failure).toBeUndefined()
          expect(run.ids).toEqual(upTo(begin + 1, total))
        },
      ),
      { numRuns: 40, seed: 1847 },
    )
    expect(interruptions).toBeGreaterThan(40)
  }, 60_000)

  it('waits for a consumer that answers with a promise, and bounds what waits meanwhile', async () => {
    let active = 0
    const run = collect(client(), 2_500, {
      after: cursorOf(0),
      onEvent: async () => {
        active += 1
        expect(active).toBe(1)
        await new Promise((resolve) => setImmediate(resolve))
        active -= 1
      },
    })
    server.append(2_500)
    await run.end()
    expect(run.ids).toEqual(upTo(1, 2_500))
  })

  it('never hands out an event again that a server repeats', async () => {
    const run = collect(client(), 3, { after: cursorOf(0) })
    server.append(2)
    await expect.poll(() => run.ids.length).toBe(2)
    // Reads from the beginning, whatever cursor it is given.
    server.forgetful = true
    server.cut()
    server.append(1)
    await run.end()
    expect(run.ids).toEqual(['1', '2', '3'])
    expect(run.subscription.repeated).toBe(2)
  })

  it('ends with the error of its consumer, its cursor still before the event', async () => {
    const run = collect(client(), 9, {
      after: cursorOf(0),
      onEvent: (id) => {
        if (id === '2') throw new Error('the disk is full')
      },
    })
    server.append(3)
    expect(await run.end()).toMatchObject({
      code: 'CONSUMER_FAILED',
      message: 'onEvent failed: the disk is full',
    })
    expect(run.subscription.cursor).toBe(cursorOf(1))
  })

  it.each(['CURSOR_INVALID', 'CURSOR_EXPIRED', 'FORBIDDEN', 'NOT_FOUND', 'INTERNAL'])(
    'ends when the server says %s, and does not come back',
    async (code) => {
      server.refuse = new GraphQLError('no', { extensions: { code, retryable: false } })
      const run = collect(client(), 1, { after: cursorOf(0) })
      expect(await run.end()).toMatchObject({ code, retryable: false })
      expect(server.connections).toBe(1)
      expect(run.subscription.cursor).toBe(cursorOf(0))
    },
  )

  it.each(['SUBGRAPH_UNAVAILABLE', 'CONSUMER_TOO_SLOW'])(
    'comes back when the server says %s',
    async (code) => {
      server.refuse = new GraphQLError('later', { extensions: { code, retryable: true } })
      const run = collect(client(), 1, { after: cursorOf(0) })
      await expect.poll(() => run.interruptions.length).toBeGreaterThan(1)
      expect(run.interruptions[0]).toMatchObject({ code, retryable: true })
      server.refuse = null
      server.append(1)
      await run.end()
      expect(run.ids).toEqual(['1'])
    },
  )

  it('ends with the code of a cursor that the server cannot read', async () => {
    const run = collect(client(), 1, { after: 'nonsense' })
    expect(await run.end()).toMatchObject({ code: 'CURSOR_INVALID' })
  })

  it('ends when the start cursor cannot be had', async () => {
    let failure: HeirloomError | undefined
    const subscription = client().followTimeline('missing', {
      onEvent: () => undefined,
      onError: (error) => (failure = error),
    })
    await subscription.ended
    expect(failure).toMatchObject({ code: 'NOT_FOUND', message: 'there is no such legacy' })
    expect(subscription.cursor).toBeNull()
  })

  it('asks its token function again when a token is refused, and goes on', async () => {
    server.tokens.add('new')
    const given = ['old', 'new']
    const run = collect(
      client(() => given.shift() ?? 'new'),
      1,
      { after: cursorOf(0) },
    )
    server.append(1)
    expect(await run.end()).toBeUndefined()
    expect(server.tokensSeen).toEqual(['old', 'new'])
  })

  it('ends when a fresh token is refused too, or the token is fixed', async () => {
    server.tokens.add('good')
    const refreshed = collect(
      client(() => 'bad'),
      1,
      { after: cursorOf(0) },
    )
    expect(await refreshed.end()).toMatchObject({ code: 'FORBIDDEN' })
    const fixed = collect(client('bad'), 1, { after: cursorOf(0) })
    expect(await fixed.end()).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('ends at once when its signal aborts, even while it waits to reconnect', async () => {
    const controller = new AbortController()
    const api = createHeirloomClient({
      url: 'http://127.0.0.1:9/graphql',
      webSocketImpl: WebSocket,
      retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
    })
    const interruptions: string[] = []
    const { ended } = api.subscribe(
      document,
      {},
      {
        after: cursorOf(0),
        signal: controller.signal,
        onEvent: () => undefined,
        onError: (error) => interruptions.push(error.code),
        onInterruption: (error) => {
          interruptions.push(error.code)
          controller.abort()
        },
      },
    )
    await ended
    expect(interruptions).toEqual(['CONNECTION_LOST'])
  })
})

describe('a document that cannot be resumed', () => {
  const begin = { after: cursorOf(0), onEvent: () => undefined, onError: () => undefined }
  it.each([
    ['{ timeline(legacyId: "L") { cursor } }', 'declare the variable $after: String'],
    [
      'subscription ($after: String) { timeline(legacyId: "L") { cursor } } # after: $after',
      'pass after: $after to its field',
    ],
    [
      'subscription ($after: String) { timeline(legacyId: "cursor", after: $after) { id } }',
      'select cursor on its field',
    ],
  ])('is refused with the fix: %s', (query, fix) => {
    expect(() => client().subscribe(query, {}, begin)).toThrow(fix)
  })

  it('is refused when it has no beginning', () => {
    const other = document.replace('timeline', 'news')
    expect(() => client().subscribe(other, {}, { ...begin, after: undefined })).toThrow(
      'give after (a cursor) or start (a query that answers one)',
    )
  })

  it('ends when its cursor is selected under another name', async () => {
    server.append(1)
    const ended = new Promise<HeirloomError>((resolve) => {
      const query =
        'subscription ($after: String) { timeline(legacyId: "L", after: $after) { at: cursor } }'
      client().subscribe(query, {}, { ...begin, onError: resolve })
    })
    expect(await ended).toMatchObject({ code: 'MISUSE' })
  })
})
