import { expect, it } from 'vitest'
import { printLedger } from './ledger.js'
import { readOptions } from './options.js'
import { torture } from './scenario.js'

it('hands every event once and in order to every subscriber while all around it fails', async () => {
  const rhythm = ['--kill-every', '9', '--reload-every', '8']
  const options = readOptions(['--minutes', '0.6', '--seed', '1847', ...rhythm])
  const ledger = await torture(options, () => undefined)
  expect(ledger.clean, printLedger(ledger)).toBe(true)
  expect(ledger.delivered).toBeGreaterThan(ledger.appended)
  expect(ledger.damage.cuts).toBeGreaterThan(0)
  expect(ledger.damage.reloads).toBeGreaterThan(0)
  expect(ledger.damage.kills.gateway + ledger.damage.kills.storage).toBeGreaterThan(0)
}, 240_000)
