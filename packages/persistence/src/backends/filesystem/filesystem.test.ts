import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { kill } from 'node:process'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backend.js'
import { createFilesystemBackend } from './filesystem-backend.js'
import { pathSegment } from './path-segment.js'
import { thisProcess } from './process-identity.js'

describe('the filesystem backend', () => {
  let folder: string
  let tenant: TenantId
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heirloom-records-'))
    tenant = testTenant().tenantId
  })
  afterEach(() => rm(folder, { recursive: true }))

  function open(lockTimeoutMs = 10_000): OpenBackend {
    return createFilesystemBackend({ filesystemFolder: folder }, { lockTimeoutMs }).open({
      root: 'lab',
    })
  }

  const pathOf = (ending: string): string => join(folder, 'lab', tenant, `people${ending}`)

  it('keeps a partition in one file, and nothing beside it', async () => {
    const table = open().records.for(tenant)
    const version = await table.put('people', 'ada', { born: 1815 })
    expect(await readdir(join(folder, 'lab', tenant))).toEqual(['people.json'])
    expect(JSON.parse(await readFile(pathOf('.json'), 'utf8'))).toEqual({
      pk: 'people',
      records: [['ada', version, null, { born: 1815 }]],
    })
  })

  it('writes nothing outside its folder, whatever tenant and keys are called', async () => {
    for (const hostile of ['..', '../..', '/etc', 'a/b', '.', '', 'C:\\x', '~', 'ä'.repeat(400)]) {
      const table = open().records.for(hostile as TenantId)
      await table.put(hostile === '' ? 'x' : hostile, '../../k', {})
    }
    expect(await readdir(folder)).toEqual(['lab'])
    expect(await readdir(join(folder, 'lab'))).toHaveLength(9)
  })

  it('refuses a root that leaves the folder of the process, by name or by a link', async () => {
    const backend = createFilesystemBackend({ filesystemFolder: folder })
    for (const root of ['..', '../other', '/tmp', 'a/../../b', `${folder}-other`, 'a\0b']) {
      expect(() => backend.open({ root })).toThrow('leaves the folder')
    }
    await symlink(tmpdir(), join(folder, 'link'))
    const linked = backend.open({ root: 'link/records' })
    await expect(linked.ping()).rejects.toMatchObject({ code: 'BACKEND_FORBIDDEN' })
    await expect(linked.records.for(tenant).put('p', 'k', {})).rejects.toMatchObject({
      code: 'BACKEND_FORBIDDEN',
    })
    expect(() => createFilesystemBackend({}).open({ root: 'lab' })).toThrow('no folder')
  })

  it('says what is wrong with a folder that cannot be used', async () => {
    await writeFile(join(folder, 'lab'), 'a file')
    await expect(open().ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('is provisioned once', async () => {
    expect(await open().provision?.()).toMatchObject({ done: ['folder lab'] })
    expect(await open().provision?.()).toMatchObject({ done: [], found: ['folder lab'] })
    expect((await stat(join(folder, 'lab'))).isDirectory()).toBe(true)
  })

  it('overlooks what a process left that died while it wrote', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'ada', {})
    await writeFile(pathOf('.new'), '{"pk":"people","records":[["ev')
    expect(await table.get('people', 'eve')).toBeNull()
    await table.put('people', 'bob', {})
    const { records } = await table.query('people', { limit: 10 })
    expect(records.map(({ sk }) => sk)).toEqual(['ada', 'bob'])
    expect(await readdir(join(folder, 'lab', tenant))).toEqual(['people.json'])
  })

  it('breaks the lock of a process that was killed, once for all who wait', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'n', { n: 0 })
    for (let round = 0; round < 5; round += 1) {
      await writeFile(pathOf('.lock'), await identityOfTheDead())
      await Promise.all(
        [await anotherProcess(), await anotherProcess(), open()].map((backend) =>
          increment(backend, 5),
        ),
      )
    }
    expect((await table.get('people', 'n'))?.value).toEqual({ n: 75 })
    expect(await readdir(join(folder, 'lab', tenant))).toEqual(['people.json'])
  })

  it('finishes what another died over while it broke a lock', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'ada', {})
    const dead = await identityOfTheDead()
    const { id } = JSON.parse(dead) as { id: string }
    await writeFile(pathOf('.lock'), dead)
    await writeFile(pathOf(`.lock.break-${id}`), await identityOfTheDead())
    await table.put('people', 'bob', {})
    expect(await readdir(join(folder, 'lab', tenant))).toEqual(['people.json'])
  })

  it('knows a process by its start too, so that a reused id keeps no lock', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'ada', {})
    const own = await thisProcess()
    for (const gone of [
      { ...own, started: '1' },
      { ...own, boot: 'before' },
    ]) {
      await writeFile(pathOf('.lock'), JSON.stringify({ id: newUuid(), ...gone }))
      await table.put('people', 'bob', {})
      expect(await readdir(join(folder, 'lab', tenant))).toEqual(['people.json'])
    }
  })

  it('never breaks a lock of the living, and says which file it waited for', async () => {
    const table = open(50).records.for(tenant)
    await table.put('people', 'ada', {})
    for (const content of [
      JSON.stringify({ id: newUuid(), ...(await thisProcess()) }),
      JSON.stringify({ id: newUuid(), ...(await thisProcess()), host: 'elsewhere', pid: 1 }),
      'something else',
      '',
    ]) {
      await writeFile(pathOf('.lock'), content)
      await expect(table.put('people', 'bob', {})).rejects.toMatchObject({
        code: 'TIMEOUT',
        details: { lock_file: 'people.lock' },
      })
      expect(await readFile(pathOf('.lock'), 'utf8')).toBe(content)
      expect((await table.get('people', 'ada'))?.sk).toBe('ada')
    }
  })

  it('loses no increment between processes that know of each other by files alone', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'n', { n: 0 })
    const processes = await Promise.all(Array.from({ length: 4 }, () => anotherProcess()))
    await Promise.all(processes.map((backend) => increment(backend, 10)))
    expect((await table.get('people', 'n'))?.value).toEqual({ n: 40 })
  })

  it('leaves expired records out of the file at the next write', async () => {
    const table = open().records.for(tenant)
    await table.put('people', 'ada', {}, { expiresAt: new Date(Date.now() - 1) })
    await table.put('people', 'bob', {})
    expect(await readFile(pathOf('.json'), 'utf8')).not.toContain('ada')
  })

  it('refuses to let a partition grow beyond what a write can rewrite', async () => {
    const table = open().records.for(tenant)
    const text = 'x'.repeat(1_000_000)
    const fill = (from: number, count: number) =>
      table.transact(
        'people',
        Array.from({ length: count }, (_, n) => ({
          op: 'put',
          sk: `${from + n}`,
          value: { text },
        })),
      )
    for (let from = 0; from < 60; from += 15) await fill(from, 15)
    await expect(fill(60, 15)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    expect(await table.get('people', '60')).toBeNull()
    await table.delete('people', '0')
  })

  /** Its own module instances: it shares files with us, and no memory. */
  async function anotherProcess(): Promise<OpenBackend> {
    vi.resetModules()
    const other = await import('./filesystem-backend.js')
    return other.createFilesystemBackend({ filesystemFolder: folder }).open({ root: 'lab' })
  }

  async function increment(backend: OpenBackend, times: number): Promise<void> {
    const table = backend.records.for(tenant)
    for (let done = 0; done < times;) {
      const record = await table.get('people', 'n')
      if (record === null) throw new Error('the record is gone')
      const value = { n: Number(record.value['n']) + 1 }
      const written = await table
        .put('people', 'n', value, { expect: { version: record.version } })
        .then(
          () => true,
          () => false,
        )
      if (written) done += 1
    }
  }
})

describe('a path segment', () => {
  it('is plain, short, and different for different texts, also where case is ignored', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: fc.constantFrom('a', 'A', '/', '.', '=', '~', '4', '1'), maxLength: 60 }),
    )
    fc.assert(
      fc.property(text, text, (one, other) => {
        const segment = pathSegment(one)
        expect(segment).toMatch(/^[a-z0-9_=~-]{1,100}$/)
        expect(segment.toLowerCase() === pathSegment(other).toLowerCase()).toBe(one === other)
      }),
      { numRuns: 1_000 },
    )
  })
})

/** A lock as a real process left it that is no more. */
async function identityOfTheDead(): Promise<string> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const { pid = 0 } = child
  const { boot } = await thisProcess()
  const proc = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const started = proc.slice(proc.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  const exited = once(child, 'exit')
  kill(pid, 'SIGKILL')
  await exited
  return JSON.stringify({ id: newUuid(), host: hostname(), pid, boot, started })
}

function newUuid(): string {
  return crypto.randomUUID()
}
