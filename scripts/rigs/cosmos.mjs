// A server that speaks the protocol of Cosmos DB, from the npm registry: `@vercel/cosmosdb-server`
// (MIT) with what it needs, each package pinned by its checksum in rigs/cosmos/package-lock.json.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const version = '1.0.1'
const pinned = fileURLToPath(new URL('cosmos', import.meta.url))

export function cosmos(cache) {
  const dir = resolve(cache, `cosmosdb-server-${version}`)
  const installed = join(dir, 'node_modules/@vercel/cosmosdb-server/package.json')
  if (!existsSync(installed)) {
    mkdirSync(dir, { recursive: true })
    cpSync(pinned, dir, { recursive: true })
    const { status, stderr } = spawnSync(
      'npm',
      ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: dir, encoding: 'utf8' },
    )
    if (status !== 0) {
      const reason = stderr.trim().split('\n').at(-1) ?? 'failed'
      return { name: 'cosmos', missing: `npm ci of @vercel/cosmosdb-server: ${reason}` }
    }
  }
  return { name: 'cosmos', env: { HEIRLOOM_RIG_COSMOS: installed } }
}
