import { mkdir, realpath } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { AppError } from '@heirloom/errors'
import { translate } from './errors.js'

export interface RootFolder {
  /** Its real path, made when it is missing. @throws AppError BACKEND_UNAVAILABLE, BACKEND_FORBIDDEN */
  path(): Promise<string>
  /** True when it was missing. */
  create(): Promise<boolean>
}

/** @throws AppError INVALID_INPUT for a path that leaves the folder by its name already */
export function openRoot(folder: string, root: string): RootFolder {
  const target = resolve(folder, root)
  if (root.includes('\0') || !isWithin(resolve(folder), target)) {
    throw new AppError('INVALID_INPUT', 'the config field "root" leaves the folder for records')
  }
  let known: Promise<string> | undefined

  async function create(): Promise<boolean> {
    try {
      return (await mkdir(target, { recursive: true })) !== undefined
    } catch (error) {
      throw translate(error)
    }
  }

  /** Asked of the file system, because a link inside the folder could lead out of it. */
  async function find(): Promise<string> {
    await create()
    const [realFolder, realTarget] = await Promise.all([realpath(folder), realpath(target)])
    if (isWithin(realFolder, realTarget)) return realTarget
    throw new AppError('BACKEND_FORBIDDEN', 'a link leads out of the folder for records')
  }

  return {
    create,
    path: () => {
      known ??= find().catch((error: unknown) => {
        known = undefined
        throw translate(error)
      })
      return known
    },
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || !(isAbsolute(way) || way === '..' || way.startsWith(`..${sep}`))
}
