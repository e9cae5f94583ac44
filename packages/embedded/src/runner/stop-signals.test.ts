import { describe, expect, it } from 'vitest'
import { stopSignals } from './stop-signals.js'

function listening() {
  const told: string[] = []
  const clock = { atMs: 1_000 }
  const signal = stopSignals({
    onFirst: () => told.push('first'),
    onInsisted: () => told.push('insisted'),
    now: () => clock.atMs,
  })
  return { told, clock, signal }
}

describe('signals to stop', () => {
  it('are one wish when npm passes on what the terminal has sent to both', () => {
    const { told, clock, signal } = listening()
    signal()
    clock.atMs += 20
    signal()
    expect(told).toEqual(['first'])
  })

  it('insist when somebody sends another one', () => {
    const { told, clock, signal } = listening()
    signal()
    clock.atMs += 1_000
    signal()
    expect(told).toEqual(['first', 'insisted'])
  })
})
