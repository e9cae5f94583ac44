import { spawnSync } from 'node:child_process'
import { lchown, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '@heirloom/errors'

/** How to run a program that refuses to run as root. */
export interface Unprivileged {
  /** The command line to spawn instead. */
  command(program: string, args: readonly string[]): [string, string[]]
  readonly spawnOptions: { readonly uid?: number; readonly gid?: number }
  /** Gives a file or a folder, with all that is in it, to the user that the program runs as. */
  own(path: string): Promise<void>
}

/** `nobody` in Debian, Red Hat, Alpine and their images. */
const nobody = 65_534
const othersMayEnter = 0o001

const asMyself: Unprivileged = {
  command: (program, args) => [program, [...args]],
  spawnOptions: {},
  own: () => Promise.resolve(),
}

const asNobody: Unprivileged = {
  command: (program, args) => [program, [...args]],
  spawnOptions: { uid: nobody, gid: nobody },
  own: async (path) => {
    await lchown(path, nobody, nobody)
    if (!(await stat(path)).isDirectory()) return
    for (const entry of await readdir(path, { recursive: true })) {
      await lchown(join(path, entry), nobody, nobody)
    }
  },
}

// In a user namespace of its own the program sees itself as `nobody`, while for the file system
// it is still root: the way out when a folder above (such as /root) is closed to everyone else.
const unshareArgs = ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--']
const inUserNamespace: Unprivileged = {
  command: (program, args) => ['unshare', [...unshareArgs, program, ...args]],
  spawnOptions: {},
  own: () => Promise.resolve(),
}

/**
 * PostgreSQL refuses uid 0. Started by root, it runs as `nobody`; the data folder decides the
 * way once and for all, because the two ways leave files of different owners.
 * @throws AppError BACKEND_UNAVAILABLE that says what to do when neither way is open
 */
export async function unprivileged(
  binaries: string,
  dataDir: string,
  existingCluster: string | undefined,
): Promise<Unprivileged> {
  if (process.getuid?.() !== 0) return asMyself
  if (existingCluster !== undefined) {
    const owner = (await stat(existingCluster)).uid
    if (owner === 0) return requireNamespace(dataDir)
  }
  const closed = (await closedParent(binaries)) ?? (await closedParent(dataDir))
  return closed === undefined ? asNobody : requireNamespace(closed)
}

function requireNamespace(closed: string): Unprivileged {
  const probe = spawnSync('unshare', [...unshareArgs, 'true'], { stdio: 'ignore' })
  if (probe.status === 0) return inUserNamespace
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `PostgreSQL does not run as root, and "${closed}" cannot be entered by another user. ` +
      `Start as an ordinary user, or "chmod o+x ${closed}", or pass --data-dir with a folder outside it`,
  )
}

/** The topmost folder on the way to `path` that others may not enter. */
async function closedParent(path: string): Promise<string | undefined> {
  const parent = dirname(path)
  const above = parent === path ? undefined : await closedParent(parent)
  if (above !== undefined) return above
  const info = await stat(path)
  return info.isDirectory() && (info.mode & othersMayEnter) === 0 ? path : undefined
}
