/**
 * RecordTable on a folder of one machine, for trying things out (routes to it are refused outside
 * lab mode). One JSON file per partition:
 *
 *   {root}/{tenant}/{pk}.json   { "pk", "records": [[sk, version, expires_at, value], …] }, by sk
 *   {root}/{tenant}/{pk}.lock   who is writing, while somebody is
 *   {root}/{tenant}/{pk}.new    the next file, while it is written
 *
 * Tenant and partition key are each written as one segment of `a-z 0-9 _ -`, everything else
 * escaped (path-segment.ts): no name leaves its folder, and two names never share a file, not even
 * where the file system ignores case.
 *
 * A write takes the lock of its partition, reads the file, judges every expectation, writes the
 * next file, fsyncs it, and renames it over the old one: all of it or nothing, also when the process
 * or the machine dies. A reader takes no lock: it opens one file, which nobody changes any more, so
 * a page and a transaction are seen whole. Versions are random UUIDs. Expired records are hidden,
 * and left out of the file at the next write. There are no wake-ups; whoever waits polls.
 *
 * Not given: speed with large partitions (each write rewrites one), and use by several machines
 * through a shared file system (file-lock.ts). A process that is killed while it asks for a lock can
 * leave the draft of its lock file behind, which nobody reads.
 */
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '../backend.js'
import type { ConfigSpec } from '../config-spec.js'
import { createFileLock, type FileLockTiming } from './file-lock.js'
import { createFilesystemRecordTable } from './filesystem-record-table.js'
import { openRoot } from './root-folder.js'
import { scan } from './scan.js'

export interface FilesystemEnvironment {
  /** The folder below which routes may choose; without one the backend cannot be opened. */
  readonly filesystemFolder?: string
  readonly now?: () => number
}

/** `root` is a path below the folder that the process was given. */
const configSpec: ConfigSpec = { root: { required: true } }

export function createFilesystemBackend(
  environment: FilesystemEnvironment,
  timing: FileLockTiming = {},
): Backend {
  const { filesystemFolder, now = Date.now } = environment
  return {
    type: 'filesystem',
    configSpec,
    open: (config): OpenBackend => {
      if (filesystemFolder === undefined) {
        throw new AppError('INVALID_INPUT', 'this process was given no folder for records')
      }
      const root = openRoot(filesystemFolder, config['root'] ?? '')
      const lock = createFileLock(timing)
      return {
        records: {
          for: (tenant) => createFilesystemRecordTable({ root, lock, now }, tenant),
          scan: (range) => scan(root, range, now),
        },
        ping: async () => {
          await root.path()
        },
        provision: async () => {
          const step = `folder ${config['root'] ?? ''}`
          return (await root.create())
            ? { done: [step], found: [], refused: [] }
            : { done: [], found: [step], refused: [] }
        },
        close: () => Promise.resolve(),
      }
    },
  }
}
