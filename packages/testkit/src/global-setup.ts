import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres, type ClusterAddress } from '@heirloom/embedded'

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: ClusterAddress
  }
}

/**
 * Starts the one PostgreSQL of a test run, in a folder that is gone afterwards. Tests reach it
 * through `testDatabase()`; each makes databases of its own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'heirloom-test-'))
  // mkdtemp makes 0700; started by root the server runs as another user and must pass through.
  await chmod(dataDir, 0o711)
  const postgres = await startPostgres({ dataDir, durable: false })
  project.provide('postgres', { port: postgres.port, passwords: postgres.passwords })
  return async () => {
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
