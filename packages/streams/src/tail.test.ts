import { describe, expect, it, vi } from 'vitest'
import type { LogEvent } from './event-log.js'
import { tail } from './tail.js'
import { createScriptedLog } from './testing/scripted-log.js'

// So long that a test which waits for it fails by its own timeout.
const never = 3_600_000

async function take(
  events: AsyncIterableIterator<LogEvent>,
  count: number,
): Promise<readonly number[]> {
  const taken: number[] = []
  while (taken.length < count) {
    const { value, done } = await events.next()
    if (done === true) break
    taken.push(value.position)
  }
  return taken
}

describe('a tail', () => {
  it('reads what is there, and then what is appended', async () => {
    const log = createScriptedLog()
    log.append(1, 2, 3)
    const events = tail(log, { from: 1, pollIntervalMs: never })
    expect(await take(events, 2)).toEqual([2, 3])
    const next = take(events, 2)
    log.append(4, 5)
    expect(await next).toEqual([4, 5])
    await events.return?.()
  })

  it('misses nothing that is appended between its read and its wait', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, pollIntervalMs: never })
    log.afterNextRead(() => log.append(1))
    expect(await take(events, 1)).toEqual([1])
    log.afterNextRead(() => log.append(2))
    expect(await take(events, 1)).toEqual([2])
    await events.return?.()
  })

  it('misses nothing that is appended before its very first read', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, pollIntervalMs: never })
    log.append(1)
    expect(await take(events, 1)).toEqual([1])
    await events.return?.()
  })

  it('finds an event whose wake-up was lost, by its poll', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, pollIntervalMs: 5 })
    const next = take(events, 1)
    await log.settled()
    log.appendSilently(1)
    expect(await next).toEqual([1])
    await events.return?.()
  })

  it('takes wake-ups that are doubled, early or for nothing', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, pollIntervalMs: never })
    const next = take(events, 2)
    log.wake()
    log.wake()
    log.append(1)
    log.wake()
    log.append(2)
    expect(await next).toEqual([1, 2])
    await events.return?.()
  })

  it('reads pages of bounded size, and none before it is asked', async () => {
    const log = createScriptedLog()
    log.append(...Array.from({ length: 10 }, (_, n) => n + 1))
    const limits: number[] = []
    const events = tail(
      {
        ...log,
        readAfter: (position, limit) => (limits.push(limit), log.readAfter(position, limit)),
      },
      { from: 0, batchSize: 4, pollIntervalMs: never },
    )
    expect(await take(events, 4)).toEqual([1, 2, 3, 4])
    expect(log.reads).toBe(1)
    expect(await take(events, 6)).toEqual([5, 6, 7, 8, 9, 10])
    expect(log.reads).toBe(3)
    expect(new Set(limits)).toEqual(new Set([4]))
    await events.return?.()
  })

  it('ends at once when its signal aborts while it waits, and listens no more', async () => {
    const log = createScriptedLog()
    const abort = new AbortController()
    const events = tail(log, { from: 0, pollIntervalMs: never, signal: abort.signal })
    const next = events.next()
    await log.settled()
    abort.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(log.waiting).toBe(0)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('ends at once when its consumer returns while it waits', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, pollIntervalMs: never })
    const next = events.next()
    await log.settled()
    await events.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(log.waiting).toBe(0)
  })

  it('hands out nothing of a page once its signal aborted', async () => {
    const log = createScriptedLog()
    log.append(1, 2, 3)
    const abort = new AbortController()
    const events = tail(log, { from: 0, pollIntervalMs: never, signal: abort.signal })
    expect(await take(events, 1)).toEqual([1])
    abort.abort()
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('reads nothing when its signal was aborted before', async () => {
    const log = createScriptedLog()
    const events = tail(log, { from: 0, signal: AbortSignal.abort() })
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(log.reads).toBe(0)
  })

  it('passes on what the log throws, and listens no more', async () => {
    const log = createScriptedLog()
    log.fail(new Error('the log is away'))
    const events = tail(log, { from: 0, pollIntervalMs: never })
    await expect(events.next()).rejects.toThrow('the log is away')
    expect(log.waiting).toBe(0)
  })

  it('lets its owner judge each page before anything of it is handed out', async () => {
    const log = createScriptedLog()
    log.append(1, 2)
    const events = tail(log, {
      from: 0,
      pollIntervalMs: never,
      checkPage: (position, { startsAfter }) => {
        if (startsAfter > position) throw new Error('expired')
      },
    })
    expect(await take(events, 2)).toEqual([1, 2])
    log.append(3, 4, 5)
    log.trimTo(4)
    await expect(events.next()).rejects.toThrow('expired')
  })

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const log = createScriptedLog()
      const events = tail(log, { from: 0, pollIntervalMs: never })
      const next = take(events, 1)
      await log.settled()
      expect(vi.getTimerCount()).toBe(1)
      log.append(1)
      await next
      await events.return?.()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
