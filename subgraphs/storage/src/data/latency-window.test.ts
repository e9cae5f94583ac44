import { describe, expect, it } from 'vitest'
import { fixedClock } from '@heirloom/testkit'
import { createLatencyWindow } from './latency-window.js'

const minuteMs = 60_000

describe('a window of latencies', () => {
  it('is empty at first', () => {
    const reading = createLatencyWindow(() => 5_000).read()
    expect(reading).toMatchObject({ count: 0, p50Ms: null, p99Ms: null, failures: [] })
    expect(reading.since).toEqual(new Date(5_000))
  })

  it('knows percentiles to within a tenth', () => {
    const window = createLatencyWindow(() => 0)
    for (let ms = 1; ms <= 1_000; ms += 1) window.record(ms)
    const { count, p50Ms, p99Ms } = window.read()
    expect(count).toBe(1_000)
    expect(Math.abs((p50Ms ?? 0) - 500) / 500).toBeLessThan(0.1)
    expect(Math.abs((p99Ms ?? 0) - 990) / 990).toBeLessThan(0.1)
  })

  it.each([0, -1, Number.NaN, Number.MIN_VALUE, 1e9, Infinity])('takes any duration: %d', (ms) => {
    const window = createLatencyWindow(() => 0)
    window.record(ms)
    expect(window.read().count).toBe(1)
    expect(window.read().p99Ms).toBeGreaterThan(0)
  })

  it('counts failures by code', () => {
    const window = createLatencyWindow(() => 0)
    for (const code of ['TIMEOUT', 'BACKEND_UNAVAILABLE', 'TIMEOUT']) window.record(3, code)
    expect(window.read().failures).toEqual([
      { code: 'BACKEND_UNAVAILABLE', count: 1 },
      { code: 'TIMEOUT', count: 2 },
    ])
  })

  it('forgets what is older than five minutes, and only that', () => {
    const clock = fixedClock(0)
    const window = createLatencyWindow(clock.now)
    window.record(1, 'TIMEOUT')
    clock.advance(4 * minuteMs)
    window.record(100)
    expect(window.read()).toMatchObject({ count: 2, since: new Date(0) })
    clock.advance(minuteMs)
    expect(window.read()).toMatchObject({ count: 1, failures: [] })
    expect(window.read().p50Ms).toBeGreaterThan(90)
    clock.advance(60 * minuteMs)
    expect(window.read().count).toBe(0)
    window.record(1)
    expect(window.read().count).toBe(1)
  })
})
