import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectCluster, type Cluster } from '@heirloom/embedded'

/** The PostgreSQL server of a running system, past everything that guards it. */
export async function clusterOf(dataDir: string): Promise<Cluster> {
  const read = (name: string): Promise<string> => readFile(join(dataDir, 'postgres', name), 'utf8')
  const passwords = JSON.parse(await read('passwords.json')) as Readonly<Record<string, string>>
  // Line 4 of postmaster.pid is the port: https://www.postgresql.org/docs/current/storage-file-layout.html
  const port = Number((await read('cluster/postmaster.pid')).split('\n')[3])
  return connectCluster({ port, passwords })
}
