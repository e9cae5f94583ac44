import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataDir } from './data-dir.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'heirloom-data-'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('the data folder', () => {
  it('is for one running system at a time', async () => {
    const first = await openDataDir(root, { fresh: false })
    await expect(openDataDir(root, { fresh: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    })
    first.release()
    const second = await openDataDir(root, { fresh: false })
    second.release()
  })

  it('is taken over from a system that was killed', async () => {
    const first = await openDataDir(root, { fresh: false })
    // The same pid, but another life: what a reused pid looks like.
    await writeFile(join(root, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }))
    const second = await openDataDir(root, { fresh: false })
    first.release()
    await expect(openDataDir(root, { fresh: false })).rejects.toMatchObject({ code: 'CONFLICT' })
    second.release()
  })

  it('is emptied by a fresh start', async () => {
    const first = await openDataDir(root, { fresh: false })
    await writeFile(first.seededFile, '{}')
    first.release()
    const second = await openDataDir(root, { fresh: true })
    expect(existsSync(second.seededFile)).toBe(false)
    second.release()
  })

  it('is never one that holds somebody else’s files, least of all for a fresh start', async () => {
    await writeFile(join(root, 'thesis.txt'), 'years of work')
    for (const fresh of [false, true]) {
      await expect(openDataDir(root, { fresh })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    expect(await readFile(join(root, 'thesis.txt'), 'utf8')).toBe('years of work')
  })

  it.each([
    ['of another version', '{"format":99}'],
    ['of a start that was killed while it wrote it', '{"form'],
  ])('is refused with a marker %s, and begun anew by a fresh start', async (_what, marker) => {
    const first = await openDataDir(root, { fresh: false })
    await writeFile(first.seededFile, '{}')
    first.release()
    await writeFile(join(root, 'heirloom.json'), marker)
    await expect(openDataDir(root, { fresh: false })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('--fresh') as string,
    })
    const second = await openDataDir(root, { fresh: true })
    expect(existsSync(second.seededFile)).toBe(false)
    second.release()
    const third = await openDataDir(root, { fresh: false })
    third.release()
  })

  it('shows its secrets to its owner alone', async () => {
    const dataDir = await openDataDir(root, { fresh: false })
    expect((await stat(dataDir.secrets)).mode & 0o077).toBe(0)
    dataDir.release()
  })
})
