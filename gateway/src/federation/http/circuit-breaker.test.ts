import { beforeEach, describe, expect, it } from 'vitest'
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.js'

let now = 0
let breaker: CircuitBreaker

beforeEach(() => {
  now = 0
  breaker = createCircuitBreaker({ failuresToOpen: 3, openMs: 100, now: () => now })
})

function fail(times: number): void {
  for (let n = 0; n < times; n += 1) breaker.failed()
}

describe('a circuit', () => {
  it('stays closed while failures are not in a row', () => {
    for (let n = 0; n < 10; n += 1) {
      fail(2)
      breaker.succeeded()
      expect(breaker.tryPass()).toBe(true)
    }
    expect(breaker.isOpen).toBe(false)
  })

  it('opens after so many in a row, and lets one through after a while', () => {
    fail(3)
    expect([breaker.isOpen, breaker.tryPass()]).toEqual([true, false])
    now = 100
    expect([breaker.tryPass(), breaker.tryPass()]).toEqual([true, false])
    breaker.succeeded()
    expect([breaker.isOpen, breaker.tryPass(), breaker.tryPass()]).toEqual([false, true, true])
  })

  it('stays open when that one fails', () => {
    fail(3)
    now = 100
    expect(breaker.tryPass()).toBe(true)
    breaker.failed()
    now = 199
    expect(breaker.tryPass()).toBe(false)
    now = 200
    expect(breaker.tryPass()).toBe(true)
  })

  it('lets another one through when that one says nothing', () => {
    fail(3)
    now = 100
    expect(breaker.tryPass()).toBe(true)
    breaker.undecided()
    expect(breaker.tryPass()).toBe(true)
  })
})
