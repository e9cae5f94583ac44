import { env } from 'node:process'
import { expect, it } from 'vitest'
import { describeWith } from '@heirloom/testkit'
import { printLedger } from './ledger.js'
import { readOptions } from './options.js'
import { torture } from './scenario.js'

/** It needs no server but time, which `npm run test:rigs` has. */
const rig = {
  name: 'torture of streams',
  available: Object.keys(env).some((name) => name.startsWith('HEIRLOOM_RIG_')),
  reason: 'run it by `npm run test:rigs`, or `npm run torture:streams` for longer',
}

describeWith(rig, 'a system that is tortured', () => {
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
})
