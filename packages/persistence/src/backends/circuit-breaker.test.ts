import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { asAway } from './away.js'
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.js'

const away = (): Promise<never> =>
  Promise.reject(asAway(new AppError('BACKEND_UNAVAILABLE', 'cannot be reached')))
const throttled = (): Promise<never> =>
  Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'throttles this table'))
const fine = (): Promise<string> => Promise.resolve('fine')

describe('A circuit breaker', () => {
  let clock = 0
  let breaker: CircuitBreaker
  let asked = 0

  beforeEach(() => {
    clock = 0
    asked = 0
    breaker = createCircuitBreaker('Test', {
      failuresToOpen: 3,
      restMs: 1_000,
      steadyNow: () => clock,
    })
  })

  async function call(work: () => Promise<unknown>): Promise<string> {
    const before = asked
    const outcome = await breaker
      .run(() => {
        asked += 1
        return work()
      })
      .then(
        () => 'answered',
        () => 'failed',
      )
    return asked === before ? 'not asked' : outcome
  }

  async function open(): Promise<void> {
    for (let n = 0; n < 3; n += 1) await call(away)
  }

  it('lets calls through until so many have failed in a row', async () => {
    for (const work of [away, away, fine, away, away]) await call(work)
    expect(await call(away)).toBe('failed')
    expect(await call(fine)).toBe('not asked')
  })

  it('says when to come back', async () => {
    await open()
    clock += 400
    await expect(breaker.run(fine)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: 'Test does not answer, and is left alone',
      details: { retry_after_ms: 600 },
    })
  })

  it('counts as an answer what throttles or refuses, so that one tenant shuts out nobody', async () => {
    for (let n = 0; n < 9; n += 1) expect(await call(throttled)).toBe('failed')
    expect(await call(fine)).toBe('answered')
  })

  it('asks once after the rest, and closes when that is answered', async () => {
    await open()
    clock += 1_000
    expect(await call(away)).toBe('failed')
    expect(await call(fine)).toBe('not asked')
    clock += 1_000
    expect(await call(throttled)).toBe('failed')
    expect(await call(fine)).toBe('answered')
  })

  it('lets nobody else through while one asks', async () => {
    await open()
    clock += 1_000
    const answer = withResolvers<null>()
    const probing = call(() => answer.promise)
    expect(await call(fine)).toBe('not asked')
    answer.resolve(null)
    expect(await probing).toBe('answered')
    expect(await call(fine)).toBe('answered')
  })

  it('prolongs no rest for what began before it', async () => {
    const late = withResolvers<never>()
    const slow = call(() => late.promise)
    await open()
    clock += 900
    late.reject(asAway(new AppError('TIMEOUT', 'too slow')))
    await slow
    clock += 100
    expect(await call(fine)).toBe('answered')
  })

  it('is never stuck: whatever happened, a backend that is back is asked after one rest', async () => {
    const work = fc.constantFrom(away, throttled, fine)
    const step = fc.record({ work, waitMs: fc.constantFrom(0, 1, 999, 1_000) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        breaker = createCircuitBreaker('Test', { failuresToOpen: 3, steadyNow: () => clock })
        for (const one of steps) {
          clock += one.waitMs
          await call(one.work)
        }
        clock += 1_000
        expect(await call(fine)).toBe('answered')
      }),
    )
  })
})

function withResolvers<T>(): {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (reason: Error) => void
} {
  let resolve: (value: T) => void = () => undefined
  let reject: (reason: Error) => void = () => undefined
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
