import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeWith } from '@heirloom/testkit'
import { root } from '../support/repository.js'
import { fetchedRig } from '../support/rigs.js'

const rig = fetchedRig('docker-compose')

// Read by Compose's own parser; there is no engine here, so the stack is never brought up.
describeWith(rig, 'docker-compose.yml by its own parser', () => {
  const keys = { SESSION_KEYS: 'k1:aaaa', STREAM_CURSOR_KEYS: 'k1:bbbb' }
  const config = (env: Record<string, string>) =>
    promisify(execFile)(rig.path, ['config', '--quiet'], { cwd: root, env })

  it('is valid', async () => {
    await expect(config({ PATH: '/usr/bin:/bin', ...keys })).resolves.toBeDefined()
  })

  it('says how to make the keys when they are missing', async () => {
    await expect(config({ PATH: '/usr/bin:/bin' })).rejects.toThrow(/scripts\/keys\.mjs/)
  })
})
