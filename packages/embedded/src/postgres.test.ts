import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, type EmbeddedPostgres } from './postgres.js'
import { isAlive } from './process-info.js'

// One cluster for all: each test starts a server on it and stops it again.
let dataDir: string
const running: EmbeddedPostgres[] = []
const folders: string[] = []

beforeAll(async () => {
  dataDir = await newFolder()
})

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'heirloom-postgres-'))
  // Started by root, the server runs as another user, who must be able to pass through.
  await chmod(folder, 0o711)
  folders.push(folder)
  return folder
}

async function start(folder = dataDir): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir: folder, durable: false })
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

  it('starts over what a start that was killed in the middle had begun', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, 'cluster.abandoned'))
    await writeFile(join(folder, 'cluster.abandoned', 'PG_VERSION'), '18')
    await start(folder)
    expect((await readdir(folder)).filter((name) => name.startsWith('cluster'))).toEqual([
      'cluster',
    ])
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
    const other = await newFolder()
    await expect(startPostgres({ dataDir: other, port, durable: false })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(port)) as string,
    })
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
