import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createHeirloomClient, type HeirloomClientOptions } from './client.js'
import type { HeirloomError } from './heirloom-error.js'
import { cursorOf, startLogServer, type LogServer } from './test-server.js'

let server: LogServer
beforeEach(async () => {
  server = await startLogServer()
})
afterEach(() => {
  vi.unstubAllGlobals()
  return server.close()
})

function follow(transport: HeirloomClientOptions['transport'], onEvent?: () => Promise<void>) {
  const ids: string[] = []
  const failures: HeirloomError[] = []
  const interruptions: HeirloomError[] = []
  const client = createHeirloomClient({
    url: server.url,
    webSocketImpl: WebSocket,
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    ...(transport === undefined ? {} : { transport }),
  })
  const subscription = client.followTimeline<{ id: string }>('L', {
    after: cursorOf(0),
    selection: 'id',
    onEvent: ({ id }) => {
      ids.push(id)
      return onEvent?.()
    },
    onError: (error) => failures.push(error),
    onInterruption: (error) => interruptions.push(error),
  })
  return { ids, failures, interruptions, subscription }
}

const upTo = (last: number): string[] =>
  Array.from({ length: last }, (_, index) => String(index + 1))

describe('a subscription over SSE', () => {
  it('resumes after every cut, and misses and repeats nothing', async () => {
    const run = follow('sse')
    for (let round = 1; round <= 6; round += 1) {
      server.append(4)
      await expect.poll(() => run.ids.length).toBeGreaterThanOrEqual(round * 4 - 2)
      server.cut()
    }
    await expect.poll(() => run.ids.length).toBe(24)
    run.subscription.close()
    expect(run.ids).toEqual(upTo(24))
    expect(run.interruptions.map(({ code }) => code)).toContain('CONNECTION_LOST')
    expect(server.connections).toBe(0)
    await expect.poll(() => server.open).toBe(0)
  })

  it('reads no faster than its consumer', async () => {
    const run = follow('sse', () => new Promise((resolve) => setImmediate(resolve)))
    server.append(2_000)
    await expect.poll(() => run.ids.length, { timeout: 10_000 }).toBe(2_000)
    run.subscription.close()
    expect(run.ids).toEqual(upTo(2_000))
  })

  it('ends with the code of a cursor that the server cannot read', async () => {
    const failed = new Promise<HeirloomError>((resolve) => {
      createHeirloomClient({ url: server.url, transport: 'sse' }).followTimeline('L', {
        after: 'nonsense',
        selection: 'id',
        onEvent: () => undefined,
        onError: resolve,
      })
    })
    expect(await failed).toMatchObject({ code: 'CURSOR_INVALID' })
  })
})

describe('the choice of a transport', () => {
  it('takes SSE where no WebSocket can be opened', async () => {
    server.noWebSockets = true
    const run = follow(undefined)
    server.append(2)
    await expect.poll(() => run.ids).toEqual(['1', '2'])
    server.cut()
    server.append(1)
    await expect.poll(() => run.ids).toEqual(['1', '2', '3'])
    run.subscription.close()
    expect(server.connections).toBe(0)
    expect(server.eventStreams).toBe(2)
    expect(run.failures).toEqual([])
  })

  it('is SSE where the platform has no WebSocket', async () => {
    vi.stubGlobal('WebSocket', undefined)
    server.append(1)
    const ids: string[] = []
    const client = createHeirloomClient({ url: server.url })
    const subscription = client.followTimeline<{ id: string }>('L', {
      after: cursorOf(0),
      selection: 'id',
      onEvent: ({ id }) => void ids.push(id),
    })
    await expect.poll(() => ids).toEqual(['1'])
    subscription.close()
    expect(server.eventStreams).toBe(1)
    expect(() => createHeirloomClient({ url: server.url, transport: 'websocket' })).toThrow(
      'install ws',
    )
  })

  it('goes back to WebSockets after an outage, where one had opened before', async () => {
    const run = follow(undefined)
    server.append(1)
    await expect.poll(() => run.ids).toEqual(['1'])
    server.noWebSockets = true
    server.cut()
    await expect.poll(() => server.eventStreams).toBe(1)
    server.append(1)
    await expect.poll(() => run.ids).toEqual(['1', '2'])
    server.noWebSockets = false
    server.cut()
    server.append(1)
    await expect.poll(() => run.ids).toEqual(['1', '2', '3'])
    run.subscription.close()
    expect(server.eventStreams).toBe(1)
    expect(server.connections).toBe(2)
  })

  it('stays with WebSockets while they open', async () => {
    const run = follow(undefined)
    for (let round = 1; round <= 5; round += 1) {
      server.append(1)
      await expect.poll(() => run.ids.length).toBe(round)
      server.cut()
    }
    run.subscription.close()
    expect(server.eventStreams).toBe(0)
  })
})
