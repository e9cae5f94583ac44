import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@heirloom/errors'
import { stopOrphan } from '../postgres/take-over.js'
import { acquireLock, type ProcessLock } from '../process-lock.js'

export interface DataDir {
  readonly root: string
  readonly postgres: string
  readonly bus: string
  readonly logs: string
  /** Only its owner may look inside. */
  readonly secrets: string
  readonly cliFile: string
  readonly seededFile: string
  readonly runFile: string
  release(): void
}

const markerName = 'heirloom.json'
const lockName = 'lock'
const formatVersion = 1

/**
 * Opens the folder that a system keeps everything in, and keeps other systems out of it.
 * `fresh` empties it first. A folder with anything in it that no earlier start made is refused.
 * @throws AppError CONFLICT when a running system uses it, INVALID_INPUT when it is not ours
 */
export async function openDataDir(root: string, options: { fresh: boolean }): Promise<DataDir> {
  await mkdir(root, { recursive: true })
  await requireOurs(root, options)
  const lock = await lockFolder(root)
  try {
    if (options.fresh) await empty(root)
    const marker = {
      format: formatVersion,
      what: 'the data of a Heirloom that runs by "npm start"',
    }
    // Whole or not at all: a start that is killed here must not make the next one refuse.
    const draft = join(root, `${markerName}.new`)
    await writeFile(draft, `${JSON.stringify(marker, undefined, 2)}\n`)
    await rename(draft, join(root, markerName))
    // PostgreSQL may run as another user, who must be able to pass through.
    await chmod(root, 0o755)
    return await openFolders(root, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function requireOurs(root: string, { fresh }: { fresh: boolean }): Promise<void> {
  const marker = await readFile(join(root, markerName), 'utf8').catch(() => undefined)
  if (marker === undefined) {
    const ours = [lockName, markerName]
    const isOurs = (name: string): boolean => ours.some((known) => name.startsWith(known))
    if ((await readdir(root)).every(isOurs)) return
    throw new AppError(
      'INVALID_INPUT',
      `${root} holds other files and is no data folder of Heirloom: choose another with --data-dir`,
    )
  }
  if (fresh || formatOf(marker) === formatVersion) return
  throw new AppError(
    'INVALID_INPUT',
    `${root} was written by another version of Heirloom: start with --fresh, or choose another --data-dir`,
  )
}

function formatOf(marker: string): unknown {
  try {
    return (JSON.parse(marker) as { format?: unknown } | null)?.format
  } catch {
    return undefined
  }
}

async function lockFolder(root: string): Promise<ProcessLock> {
  try {
    return await acquireLock(join(root, lockName), root)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error
    const pid = String(error.details['pid'])
    throw new AppError(
      'CONFLICT',
      `Heirloom is running on ${root} already (process ${pid}): stop it with Ctrl-C or "kill ${pid}", ` +
        `or start a second one with --data-dir and --port`,
      { cause: error },
    )
  }
}

async function empty(root: string): Promise<void> {
  await stopOrphan(join(root, 'postgres', 'cluster'))
  for (const name of await readdir(root)) {
    if (name !== lockName && name !== markerName) {
      await rm(join(root, name), { recursive: true, force: true })
    }
  }
}

async function openFolders(root: string, lock: ProcessLock): Promise<DataDir> {
  const folder = async (name: string, mode: number): Promise<string> => {
    const path = join(root, name)
    await mkdir(path, { recursive: true, mode })
    return path
  }
  return {
    root,
    postgres: await folder('postgres', 0o755),
    bus: await folder('bus', 0o700),
    logs: await folder('logs', 0o700),
    secrets: await folder('secrets', 0o700),
    cliFile: join(root, 'cli.json'),
    seededFile: join(root, 'seeded.json'),
    runFile: join(root, 'run.json'),
    release: () => lock.release(),
  }
}
