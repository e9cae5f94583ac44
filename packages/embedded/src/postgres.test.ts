import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPostgres, type EmbeddedPostgres } from './postgres.js'
import { isAlive } from './process-info.js'

let dataDir: string
const running: EmbeddedPostgres[] = []

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'heirloom-postgres-'))
  await chmod(dataDir, 0o711)
})

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  await rm(dataDir, { recursive: true, force: true })
})

async function start(port = 0): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir, port, durable: false })
  running.push(server)
  return server
}

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

async function serverPid(): Promise<number> {
  const text = await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8')
  return Number(text.split('\n')[0])
}

describe('the embedded PostgreSQL', () => {
  it('finds its data again at the next start, and leaves nothing running', async () => {
    const first = await start()
    await first.createDatabase('kept')
    await query(first.urls('kept').ownerUrl, 'create table note (text text)')
    await query(first.urls('kept').ownerUrl, `insert into note values ('here')`)
    const pid = await serverPid()
    await first.stop()
    expect(isAlive(pid)).toBe(false)
    const second = await start()
    expect(await query(second.urls('kept').ownerUrl, 'select text from note')).toEqual([
      { text: 'here' },
    ])
  })

  it('stops the server that a killed predecessor left on the folder', async () => {
    await start()
    const orphan = await serverPid()
    // What a kill -9 leaves: the server runs on, and the lock names a process that is no more.
    await writeFile(join(dataDir, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }))
    const next = await start()
    expect(isAlive(orphan)).toBe(false)
    expect(await query(next.superuserUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('starts over a pid file that a crashed server left behind', async () => {
    const first = await start()
    await first.stop()
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n`)
    const next = await start()
    expect(await query(next.superuserUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('refuses a folder that a living process uses, and leaves that one alone', async () => {
    const first = await start()
    await expect(startPostgres({ dataDir, durable: false })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    expect(await query(first.superuserUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('says which port is taken', async () => {
    const { port } = await start()
    const other = await mkdtemp(join(tmpdir(), 'heirloom-postgres-'))
    await chmod(other, 0o711)
    await expect(startPostgres({ dataDir: other, port, durable: false })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(port)) as string,
    })
    await rm(other, { recursive: true, force: true })
  })

  it('keeps its passwords from everybody else, and lets nobody in without one', async () => {
    const server = await start()
    expect((await stat(join(dataDir, 'passwords.json'))).mode & 0o077).toBe(0)
    const guess = `postgres://heirloom_owner:guess@127.0.0.1:${server.port}/postgres`
    await expect(query(guess, 'select 1')).rejects.toThrow('password authentication failed')
  })

  it('keeps the roles of one database out of what is not theirs', async () => {
    const server = await start()
    await server.createDatabase('one')
    await expect(server.createDatabase('one')).rejects.toMatchObject({ code: 'CONFLICT' })
    await server.createDatabase('one', { ifNotExists: true })
    const { appUrl } = server.urls('one')
    await expect(query(appUrl, 'create table mine (a int)')).rejects.toThrow('permission denied')
    await expect(query(appUrl, 'create temporary table mine (a int)')).rejects.toThrow(
      'permission denied',
    )
  })
})
