import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '@heirloom/errors'
import { appRole, ownerRole, workerRole } from '@heirloom/postgres'
import { keptSecret } from '../secrets.js'
import { superuser, type Passwords } from './cluster.js'
import type { Unprivileged } from './unprivileged.js'

/** The passwords of the folder's roles, made once; only the folder's owner may read the file. */
export function readPasswords(path: string): Promise<Passwords> {
  return keptSecret(path, () =>
    Object.fromEntries(
      [superuser, ownerRole, appRole, workerRole].map((role) => [
        role,
        randomBytes(18).toString('hex'),
      ]),
    ),
  )
}

/**
 * Creates the cluster, or leaves no trace of it: initdb works in a folder of its own, which gets
 * its name when it is complete. An initdb that outlives a killed start thus spoils nothing.
 */
export async function initialise(
  program: string,
  cluster: string,
  passwords: Passwords,
  user: Unprivileged,
): Promise<void> {
  await removeDrafts(cluster)
  const draft = `${cluster}.${randomBytes(6).toString('hex')}`
  const passwordFile = `${draft}.password`
  await mkdir(draft, { mode: 0o700 })
  await writeFile(passwordFile, passwords[superuser] ?? '', { mode: 0o600 })
  try {
    await user.own(draft)
    await user.own(passwordFile)
    await runInitdb(program, draft, passwordFile, user)
    await rename(draft, cluster)
  } finally {
    await removeDrafts(cluster)
  }
}

async function removeDrafts(cluster: string): Promise<void> {
  const folder = dirname(cluster)
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${basename(cluster)}.`)) continue
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
  }
}

// The builtin C.UTF-8 (PostgreSQL 17) sorts and folds the same on every machine, whatever locales
// that machine has; the libc locale, which must exist, is plain C.
const initdbArgs = ['--no-sync', '--no-instructions', '--auth=scram-sha-256', '--encoding=UTF8']
const localeArgs = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

async function runInitdb(
  initdb: string,
  cluster: string,
  passwordFile: string,
  user: Unprivileged,
): Promise<void> {
  const [program, args] = user.command(initdb, [
    ...initdbArgs,
    ...localeArgs,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    `--pgdata=${cluster}`,
  ])
  const child = spawn(program, args, {
    ...user.spawnOptions,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `PostgreSQL's initdb failed: ${output.trim().slice(-2_000)}`,
  )
}
