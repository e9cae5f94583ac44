import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSecrets, type Secrets } from './secrets.js'

describe('secrets that routes refer to', () => {
  let folder: string
  let secrets: Secrets

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heirloom-secrets-'))
    await mkdir(join(folder, 'inside', 't_haworth'), { recursive: true })
    await writeFile(join(folder, 'outside'), 'not for routes')
    await writeFile(join(folder, 'inside', 'KEY'), 'from a file\n')
    await writeFile(join(folder, 'inside', 'BOTH'), 'from a file')
    await writeFile(join(folder, 'inside', 't_haworth', 'key'), 'theirs')
    secrets = createSecrets({
      secrets: new Map([['BOTH', 'from the environment']]),
      secretsFolder: join(folder, 'inside'),
    })
  })

  afterAll(() => rm(folder, { recursive: true }))

  it('come from the environment first, and then from the folder', async () => {
    await expect(secrets('BOTH')).resolves.toBe('from the environment')
    await expect(secrets('KEY')).resolves.toBe('from a file')
    await expect(secrets('t_haworth/key')).resolves.toBe('theirs')
  })

  it('are read anew, so that one that was replaced is taken', async () => {
    await writeFile(join(folder, 'inside', 'ROTATED'), 'old')
    await expect(secrets('ROTATED')).resolves.toBe('old')
    await writeFile(join(folder, 'inside', 'ROTATED'), 'new')
    await expect(secrets('ROTATED')).resolves.toBe('new')
  })

  it.each([
    '../outside',
    't_haworth/../../outside',
    '..',
    '.',
    '/etc/hostname',
    'a//b',
    'NONE',
    '',
  ])('that are not there, or would lead out of the folder, fail: %j', async (name) => {
    await expect(secrets(name)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('are not looked for in files when there is no folder', async () => {
    const none = createSecrets({ secrets: new Map(), secretsFolder: undefined })
    await expect(none('KEY')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })
})
