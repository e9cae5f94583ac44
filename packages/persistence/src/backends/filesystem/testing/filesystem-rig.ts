import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackendRig } from '../../../contract/backend-rig.js'
import { createFilesystemBackend } from '../filesystem-backend.js'

export const filesystemBackendRig: BackendRig = {
  type: 'filesystem',
  start: async (now) => {
    const folder = await mkdtemp(join(tmpdir(), 'heirloom-records-'))
    const backend = createFilesystemBackend({ filesystemFolder: folder, now })
    return {
      open: () => backend.open({ root: 'records' }),
      stop: () => rm(folder, { recursive: true }),
    }
  },
}
