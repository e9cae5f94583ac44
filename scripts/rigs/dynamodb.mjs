// DynamoDB's protocol over SQLite: the binary of dynoxide (MIT or Apache-2.0), from the npm registry.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const version = '1.2.1'
const sha256 = '80e1ed33e33ec33c7bdcb1779ea09678e5c6f87c5c225f44c2037d2b2ea71164'

export function dynamodb(cache) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { name: 'dynamodb', missing: 'the pinned dynoxide is for Linux on x64' }
  }
  const dir = resolve(cache, `dynoxide-${version}`)
  const binary = join(dir, 'package/dynoxide')
  if (!existsSync(binary)) {
    const reason = download(dir)
    if (reason) return { name: 'dynamodb', missing: reason }
  }
  return { name: 'dynamodb', env: { HEIRLOOM_RIG_DYNAMODB: binary } }
}

function download(dir) {
  mkdirSync(dir, { recursive: true })
  const run = (command, args) => spawnSync(command, args, { cwd: dir, encoding: 'utf8' })
  const packed = run('npm', ['pack', '--silent', `@dynoxide/linux-x64@${version}`])
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz'))
  if (packed.status !== 0 || !tarball) return 'npm pack of @dynoxide/linux-x64 failed'
  const sum = createHash('sha256')
    .update(readFileSync(join(dir, tarball)))
    .digest('hex')
  if (sum !== sha256) return `${tarball} has the checksum ${sum}`
  if (run('tar', ['-xzf', tarball]).status !== 0) return `${tarball} cannot be unpacked`
  chmodSync(join(dir, 'package/dynoxide'), 0o755)
  return undefined
}
