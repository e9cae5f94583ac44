import { GraphQLError } from 'graphql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHeirloomClient, type HeirloomClientOptions } from './client.js'
import type { HeirloomError } from './heirloom-error.js'
import type { SubscribeOptions } from './subscription.js'
import { platformSurroundings } from './surroundings.js'
import { cursorOf, startLogServer, type LogServer } from './test-server.js'

let server: LogServer
beforeEach(async () => {
  server = await startLogServer()
})
afterEach(() => server.close())

const document = `subscription ($after: String) { timeline(legacyId: "L", after: $after) { cursor id } }`

function follow(
  options: Partial<SubscribeOptions<{ id: string }>> = {},
  clientOptions: Partial<HeirloomClientOptions> = {},
) {
  const ids: string[] = []
  const delays: number[] = []
  const failures: HeirloomError[] = []
  const subscription = createHeirloomClient({
    url: server.url,
    webSocketImpl: WebSocket,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    ...clientOptions,
  }).subscribe<{ id: string }>(
    document,
    {},
    {
      onEvent: ({ id }) => void ids.push(id),
      onError: (error) => failures.push(error),
      onInterruption: (_error, retryInMs) => delays.push(retryInMs),
      ...options,
    },
  )
  return { ids, delays, failures, subscription }
}

function refusal(code: string, details: object, retryable = false): GraphQLError {
  return new GraphQLError('no', { extensions: { code, retryable, details } })
}

describe('a cursor that the server takes no more', () => {
  it('is replaced by the one that the application answers', async () => {
    server.append(4)
    server.refuse = refusal('CURSOR_EXPIRED', { startsAt: cursorOf(2) })
    const run = follow({
      after: cursorOf(0),
      onCursorRefused: ({ details }) => {
        server.refuse = null
        return String(details['startsAt'])
      },
    })
    await expect.poll(() => run.ids).toEqual(['3', '4'])
    run.subscription.close()
    expect(run.failures).toEqual([])
  })

  it.each([
    ['no function is given', undefined],
    ['the application has no other', () => undefined],
    ['the other one is refused as well', () => cursorOf(2)],
  ])('ends the subscription when %s', async (_when, onCursorRefused) => {
    server.refuse = refusal('CURSOR_EXPIRED', { startsAt: cursorOf(2) })
    const run = follow({ after: cursorOf(0), ...(onCursorRefused && { onCursorRefused }) })
    await run.subscription.ended
    expect(run.failures).toMatchObject([{ code: 'CURSOR_EXPIRED' }])
  })

  it('ends the subscription when the application fails to answer', async () => {
    server.refuse = refusal('CURSOR_AHEAD', {})
    const run = follow({
      after: cursorOf(0),
      onCursorRefused: () => Promise.reject(new Error('the database is away')),
    })
    await run.subscription.ended
    expect(run.failures).toMatchObject([{ message: 'the database is away' }])
  })
})

describe('a wait before the next attempt', () => {
  it('lasts at least as long as the API asks for, and no hint of the platform ends it', async () => {
    let hint = (): void => undefined
    server.refuse = refusal('RATE_LIMITED', { retry_after_ms: 300 }, true)
    server.append(1)
    const from = performance.now()
    const run = follow(
      {
        after: cursorOf(0),
        onInterruption: () => {
          server.refuse = null
          queueMicrotask(() => hint())
        },
      },
      { surroundings: { onHint: (listener) => ((hint = listener), () => undefined) } },
    )
    await expect.poll(() => run.ids).toEqual(['1'])
    run.subscription.close()
    expect(performance.now() - from).toBeGreaterThan(290)
  })

  it('ends when the network comes back or the page is shown', async () => {
    const listeners = new Set<() => void>()
    server.refuseConnection = { code: 1013, reason: 'TIMEOUT' }
    server.append(1)
    const run = follow(
      {
        after: cursorOf(0),
        onInterruption: () => {
          server.refuseConnection = null
          setImmediate(() => listeners.forEach((listener) => listener()))
        },
      },
      {
        retry: { initialDelayMs: 60_000, maxDelayMs: 60_000 },
        surroundings: {
          onHint: (listener) => {
            listeners.add(listener)
            return () => void listeners.delete(listener)
          },
        },
      },
    )
    await expect.poll(() => run.ids).toEqual(['1'])
    run.subscription.close()
    await run.subscription.ended
    expect(listeners.size).toBe(0)
  })
})

describe('the close of a socket', () => {
  it.each([
    [1001, 'going away; resume', 'CONNECTION_LOST'],
    [1012, '', 'CONNECTION_LOST'],
    [1013, 'RATE_LIMITED', 'RATE_LIMITED'],
    [4500, 'INTERNAL', 'INTERNAL'],
  ])('is waited out when it is %i "%s"', async (code, reason, named) => {
    server.refuseConnection = { code, reason }
    server.append(1)
    const codes: string[] = []
    const run = follow({
      after: cursorOf(0),
      onInterruption: (error) => {
        codes.push(error.code)
        server.refuseConnection = null
      },
    })
    await expect.poll(() => run.ids).toEqual(['1'])
    run.subscription.close()
    expect(codes).toEqual([named])
  })

  it.each([
    [4400, '', 'INVALID_INPUT'],
    [4403, 'TOKEN_EXPIRED', 'TOKEN_EXPIRED'],
  ])('ends the subscription when it is %i "%s"', async (code, reason, named) => {
    server.refuseConnection = { code, reason }
    const run = follow({ after: cursorOf(0) }, { token: 'fixed' })
    await run.subscription.ended
    expect(run.failures).toMatchObject([{ code: named, retryable: false }])
  })
})

describe('the hints of a browser', () => {
  it('are the network coming and going, and a page that is shown again', () => {
    const page = Object.assign(new EventTarget(), {
      document: Object.assign(new EventTarget(), { visibilityState: 'hidden' }),
    })
    let hints = 0
    const unsubscribe = platformSurroundings(page).onHint(() => (hints += 1))
    for (const type of ['online', 'offline', 'pageshow']) page.dispatchEvent(new Event(type))
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(hints).toBe(3)
    page.document.visibilityState = 'visible'
    page.document.dispatchEvent(new Event('visibilitychange'))
    expect(hints).toBe(4)
    unsubscribe()
    page.dispatchEvent(new Event('online'))
    expect(hints).toBe(4)
  })

  it('are silent where there is no page', () => {
    expect(platformSurroundings({}).onHint(() => undefined)()).toBeUndefined()
  })
})

it('asks for the present end of what a document follows, and can do without', async () => {
  server.append(2)
  let started = ''
  const known = follow({ onStart: (cursor) => (started = cursor) })
  await expect.poll(() => started).toBe(cursorOf(2))
  server.append(1)
  await expect.poll(() => known.ids).toEqual(['3'])
  known.subscription.close()
  const now = follow({ start: 'now' })
  await expect
    .poll(() => {
      server.append(1)
      return now.ids.length
    })
    .toBeGreaterThan(0)
  now.subscription.close()
})
