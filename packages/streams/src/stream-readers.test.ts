import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '@heirloom/errors'
import { tenantId } from '@heirloom/tenancy'
import type { StreamLimits } from './limits.js'
import { away, never, startReaders, take, type ReadersRig } from './testing/rig.js'
import { createScriptedLog } from './testing/scripted-log.js'

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('shared readers of streams', () => {
  const opened: ReadersRig[] = []
  afterEach(async () => {
    for (const rig of opened.splice(0)) await rig.readers.close()
  })
  function start(limits: Partial<StreamLimits> = {}): ReadersRig {
    const rig = startReaders(limits)
    opened.push(rig)
    return rig
  }

  it('hand out what came after the cursor, and then what is appended', async () => {
    const { log, follow } = start()
    log.append(1, 2, 3)
    const following = await follow(1)
    expect(await take(following, 2)).toEqual([2, 3])
    const next = take(following, 2)
    log.append(4, 5)
    expect(await next).toEqual([4, 5])
  })

  it('begin with what is appended after now, when there is no cursor', async () => {
    const { log, follow } = start()
    log.append(1, 2)
    const following = await follow()
    log.append(3)
    expect(await take(following, 1)).toEqual([3])
  })

  it('read the log once for any number of followers', async () => {
    const { log, follow } = start()
    log.append(1)
    const followings = await Promise.all(numbers(1, 50).map(() => follow(1)))
    await log.settled()
    const before = log.reads
    const next = followings.map((following) => take(following, 2))
    log.append(2, 3)
    for (const taken of await Promise.all(next)) expect(taken).toEqual([2, 3])
    await log.settled()
    expect(log.reads - before).toBeLessThanOrEqual(2)
    expect(log.waiting).toBe(1)
  })

  it('let a follower that fell out of the ring read the log, and join again', async () => {
    const { log, follow } = start({ ringEvents: 3, pageEvents: 2 })
    const [slow, quick] = [await follow(), await follow()]
    for (const n of numbers(1, 20)) {
      log.append(n)
      expect(await take(quick, 1)).toEqual([n])
    }
    expect(await take(slow, 20)).toEqual(numbers(1, 20))
    await log.settled()
    const before = log.reads
    const next = [take(slow, 1), take(quick, 1)]
    log.append(21)
    expect(await Promise.all(next)).toEqual([[21], [21]])
    await log.settled()
    expect(log.reads - before).toBeLessThanOrEqual(2)
  })

  it('miss nothing that is appended between a read and the wait', async () => {
    const { log, follow } = start()
    const following = await follow()
    log.afterNextRead(() => log.append(2))
    log.append(1)
    expect(await take(following, 2)).toEqual([1, 2])
  })

  it('find an event whose wake-up was lost, by the poll', async () => {
    const { log, follow } = start({ pollIntervalMs: 5 })
    const following = await follow()
    await log.settled()
    log.appendSilently(1)
    expect(await take(following, 1)).toEqual([1])
  })

  it('poll a quiet log less and less, where somebody would tell of an event', async () => {
    const { log, readers, cursors } = start({ pollIntervalMs: 2, quietPollIntervalMs: 40 })
    const followed = { log: { ...log, notifies: () => true }, cursors, sizeOf: () => 1 }
    const name = { tenantId: tenantId('t_one'), streamId: 's' }
    const begunAt = performance.now()
    const { following } = await readers.follow(name, followed, { after: null })
    const next = following.nextBatch(1)
    await vi.waitFor(() => expect(log.reads).toBeGreaterThan(6))
    // After pauses of 2, 4, 8, 16, 32 and 40 ms; timers are never early by more than one.
    expect(performance.now() - begunAt).toBeGreaterThan(90)
    log.appendSilently(1)
    expect(await next).toHaveLength(1)
  })

  it('learn from a follower that has read further', async () => {
    const { log, follow } = start()
    const waiting = await follow()
    const next = take(waiting, 2)
    await log.settled()
    log.appendSilently(1, 2)
    // Its cursor lies ahead of the ring, which tells that there is something to read.
    const ahead = await follow(2)
    const later = take(ahead, 1)
    expect(await next).toEqual([1, 2])
    log.append(3)
    expect(await later).toEqual([3])
  })

  it('say by name when retention was faster, to the follower that it overtook alone', async () => {
    const { log, follow, cursors } = start({ ringEvents: 2 })
    const slow = await follow()
    const quick = await follow()
    log.append(...numbers(1, 6))
    expect(await take(quick, 6)).toEqual(numbers(1, 6))
    log.trimTo(4)
    const error = await slow.nextBatch(1).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'CURSOR_EXPIRED',
      details: { startsAt: cursors.encode(4), cursor: cursors.encode(0) },
    })
    log.append(7)
    expect(await take(quick, 1)).toEqual([7])
  })

  it('hand out nothing from memory that was removed from the log', async () => {
    const { log, follow, cursors } = start()
    const [following, late] = [await follow(), await follow()]
    log.append(1, 2, 3)
    expect(await take(following, 3)).toEqual([1, 2, 3])
    log.trimTo(2)
    log.wake()
    await log.settled()
    await expect(late.nextBatch(9)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
    await expect(follow(1)).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      details: { startsAt: cursors.encode(2) },
    })
    expect(await take(await follow(2), 1)).toEqual([3])
  })

  it('do not pass over what retention took before the reader saw it', async () => {
    const { log, follow } = start()
    log.append(1)
    const following = await follow(1)
    const next = following.nextBatch(10)
    await log.settled()
    log.appendSilently(2, 3, 4)
    log.trimTo(3)
    log.wake()
    await expect(next).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
    expect(await take(await follow(3), 1)).toEqual([4])
  })

  it('end who leaves events lying for too long, with the cursor of the last one taken', async () => {
    const { log, follow, cursors, pass, readers } = start({ stallMs: 100 })
    const [stalled, waiting] = [await follow(), await follow()]
    log.append(1, 2)
    expect(await take(stalled, 1)).toEqual([1])
    expect(await take(waiting, 2)).toEqual([1, 2])
    const onEnd = vi.fn<() => void>()
    stalled.onEnd = onEnd
    const next = take(waiting, 1)
    pass(99)
    expect(onEnd).not.toHaveBeenCalled()
    pass(1)
    expect(onEnd).toHaveBeenCalledOnce()
    await expect(stalled.nextBatch(1)).rejects.toMatchObject({
      code: 'CONSUMER_TOO_SLOW',
      details: { cursor: cursors.encode(1) },
    })
    expect(await stalled.nextBatch(1)).toBeUndefined()
    expect(readers.stats.followers).toBe(1)
    log.append(3)
    expect(await next).toEqual([3])
  })

  it('do not take waiting for slowness', async () => {
    const { log, follow, pass } = start({ stallMs: 100 })
    const [asking, idle] = [await follow(), await follow()]
    const next = take(asking, 1)
    pass(1_000)
    log.append(1)
    expect(await next).toEqual([1])
    expect(await take(idle, 1)).toEqual([1])
  })

  it('end a follower when its time is over, also while it waits', async () => {
    const { follow, pass, cursors } = start()
    const following = await follow(0, 60)
    const next = following.nextBatch(1)
    pass(59)
    pass(1)
    await expect(next).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
      details: { cursor: cursors.encode(0) },
    })
  })

  it('sit out an outage of the log', async () => {
    const { log, follow } = start({ pollIntervalMs: 5 })
    const following = await follow()
    const next = take(following, 2)
    log.fail(away)
    log.append(1)
    await log.settled()
    log.fail(undefined)
    log.append(2)
    expect(await next).toEqual([1, 2])
  })

  it('report an outage that lasts, after what the ring still holds, and start anew', async () => {
    const { log, follow, cursors, pass } = start({ outageMs: 1_000 })
    const [behind, waiting] = [await follow(), await follow()]
    log.append(1, 2)
    expect(await take(waiting, 2)).toEqual([1, 2])
    const next = waiting.nextBatch(1)
    log.fail(away)
    log.wake()
    await log.settled()
    pass(1_000)
    await expect(next).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      details: { cursor: cursors.encode(2) },
    })
    expect(await take(behind, 2)).toEqual([1, 2])
    await expect(behind.nextBatch(1)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(follow(2)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    log.fail(undefined)
    const again = await follow(2)
    log.append(3)
    expect(await take(again, 1)).toEqual([3])
  })

  it('report at once what will not pass', async () => {
    const { log, follow } = start()
    const following = await follow()
    const next = following.nextBatch(1)
    log.fail(new AppError('BACKEND_FORBIDDEN', 'not here'))
    log.wake()
    await expect(next).rejects.toMatchObject({ code: 'BACKEND_FORBIDDEN' })
  })

  it('stop a while after the last follower left, and not while another comes', async () => {
    const { log, follow, readers } = start({ lingerMs: 10 })
    const following = await follow()
    following.close()
    const again = await follow()
    expect(readers.stats).toEqual({ readers: 1, followers: 1 })
    again.close()
    await vi.waitFor(() => expect(readers.stats.readers).toBe(0))
    await vi.waitFor(() => expect(log.waiting).toBe(0))
  })

  it('ask the log for nothing when who comes back is still in the ring', async () => {
    const { log, follow } = start()
    const following = await follow()
    log.append(1, 2, 3)
    expect(await take(following, 3)).toEqual([1, 2, 3])
    await log.settled()
    following.close()
    log.fail(away)
    expect(await take(await follow(1), 2)).toEqual([2, 3])
  })

  it('end a wait at once when its follower is closed', async () => {
    const { follow, readers } = start()
    const following = await follow()
    const next = following.nextBatch(1)
    following.close()
    expect(await next).toBeUndefined()
    expect(await following.nextBatch(1)).toBeUndefined()
    expect(readers.stats.followers).toBe(0)
  })

  it('tell everybody to go on elsewhere when they are closed, and take nobody any more', async () => {
    const { follow, readers, cursors, log } = start()
    const following = await follow()
    const next = following.nextBatch(1)
    await readers.close()
    await expect(next).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      details: { cursor: cursors.encode(0) },
    })
    await expect(follow()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(log.waiting).toBe(0)
  })

  it('read pages whose bytes stay near what is wanted', async () => {
    const { log, readers, cursors } = start({ pageBytes: 100, pageEvents: 50 })
    log.append(...numbers(1, 300))
    const limits: number[] = []
    const spied = {
      log: {
        ...log,
        readAfter: (position: number, limit: number) => (
          limits.push(limit),
          log.readAfter(position, limit)
        ),
      },
      cursors,
      sizeOf: () => 20,
    }
    const name = { tenantId: tenantId('t_one'), streamId: 'large' }
    const { following } = await readers.follow(name, spied, { after: cursors.encode(0) })
    expect(await take(following, 300)).toEqual(numbers(1, 300))
    expect(Math.max(...limits.slice(2))).toBe(5)
  })

  it('keep streams and tenants apart that have the same names', async () => {
    const { readers, followed, cursors } = start()
    const theirs = createScriptedLog()
    theirs.append(7)
    const mine = await readers.follow({ tenantId: tenantId('t_one'), streamId: 's' }, followed, {
      after: cursors.encode(0),
    })
    const other = await readers.follow(
      { tenantId: tenantId('t_two'), streamId: 's' },
      { ...followed, log: theirs },
      { after: cursors.encode(0) },
    )
    expect(await take(other.following, 1)).toEqual([7])
    followed.log.onAppend(() => undefined)
    const next = mine.following.nextBatch(1)
    mine.following.close()
    expect(await next).toBeUndefined()
    expect(readers.stats.readers).toBe(2)
  })

  it('leave no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      const { follow, readers, log } = startReaders({ pollIntervalMs: never })
      const following = await follow()
      const next = take(following, 1)
      log.append(1)
      await next
      following.close()
      await readers.close()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
