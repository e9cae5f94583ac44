import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasEnded, isAlive } from '../process-info.js'
import { superviseChild, type SupervisedChild } from './child.js'
import { endOrphans, recordChildren } from './orphans.js'

let folder: string
const children: SupervisedChild[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heirloom-child-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) await child.stop()
  await rm(folder, { recursive: true, force: true })
})

const serving = `process.send({ type: 'ready' }); process.on('disconnect', () => process.exit()); setInterval(() => {}, 1000);`

/** A queue of what happened, so that a test can wait for the next event instead of sleeping. */
class Log<T> {
  readonly #items: T[] = []
  #wake = (): void => undefined

  push(item: T): void {
    this.#items.push(item)
    this.#wake()
  }

  async next(): Promise<T> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) return item
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

async function supervise(program: string) {
  const script = join(folder, 'service.mjs')
  await writeFile(script, program)
  const pids = new Log<number>()
  const restarts = new Log<string>()
  const child = superviseChild(
    { name: 'example', script, args: [], env: {}, logFile: join(folder, 'example.log') },
    { onSpawn: (pid) => pids.push(pid), onRestart: (reason) => restarts.push(reason) },
  )
  children.push(child)
  return { child, pids, restarts, script }
}

describe('a supervised child', () => {
  it('is started again when it is killed', async () => {
    const { child, pids, restarts } = await supervise(serving)
    await child.ready
    const first = await pids.next()
    process.kill(first, 'SIGKILL')
    expect(await restarts.next()).toBe('it was ended by SIGKILL')
    const second = await pids.next()
    expect(second).not.toBe(first)
    expect(isAlive(second)).toBe(true)
  })

  it('is gone after stop, and stays gone', async () => {
    const { child, pids } = await supervise(serving)
    await child.ready
    const pid = await pids.next()
    await child.stop()
    expect(isAlive(pid)).toBe(false)
  })

  it('fails the start with its last words when it never serves', async () => {
    const { child } = await supervise(
      `console.log('{"level":"fatal"}'); console.error('example: set the environment variable PORT'); process.exit(1)`,
    )
    await expect(child.ready).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining(
        'example did not start: example: set the environment variable PORT',
      ) as string,
    })
    expect(await readFile(join(folder, 'example.log'), 'utf8')).toContain('fatal')
  })

  it('that outlived a killed supervisor is ended by the next start', async () => {
    const { child, pids, script } = await supervise(
      `process.send({ type: 'ready' }); setInterval(() => {}, 1000);`,
    )
    await child.ready
    const pid = await pids.next()
    const file = join(folder, 'children.json')
    const record = recordChildren(file)
    record('example', pid)
    record('another', process.pid)
    const scriptOf = (name: string): string => (name === 'example' ? script : '/no/such/main.js')
    expect(await endOrphans(file, scriptOf)).toBe(1)
    expect(await hasEnded(pid, 1_000)).toBe(true)
  })
})
