// Docker Compose's own parser (no engine is needed to read a file): the machine's, else the one of
// Debian trixie's package, taken apart in the cache without being installed.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const version = '2.26.1-4'
// Of the .deb for amd64; other machines rely on apt's own check.
const sha256 = '47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea'

export function dockerCompose(cache) {
  const dir = resolve(cache, `docker-compose-${version}`)
  const binary = join(dir, 'usr/libexec/docker/cli-plugins/docker-compose')
  if (!existsSync(binary)) {
    const reason = download(dir)
    if (reason) return { name: 'docker-compose', missing: reason }
  }
  return { name: 'docker-compose', env: { HEIRLOOM_RIG_DOCKER_COMPOSE: binary } }
}

function download(dir) {
  if (!existsSync('/usr/bin/apt-get'))
    return 'it comes from a Debian package, and this is not Debian'
  const mirror = debianMirror()
  if (!mirror) return 'apt has no Debian mirror configured'
  mkdirSync(join(dir, 'lists/partial'), { recursive: true })
  mkdirSync(join(dir, 'cache/archives/partial'), { recursive: true })
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
  writeFileSync(join(dir, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} trixie main\n`)
  writeFileSync(join(dir, 'status'), '')
  const options = [
    `Dir::Etc::SourceList=${dir}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${dir}/lists`,
    `Dir::State::Status=${dir}/status`,
    `Dir::Cache=${dir}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  const run = (command, args) =>
    spawnSync(command, args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const updated = run('apt-get', [...options, 'update', '-qq'])
  if (updated.status !== 0) return `apt-get update: ${lastLine(updated.stderr)}`
  const fetched = run('apt-get', [...options, 'download', `docker-compose=${version}`])
  if (fetched.status !== 0) return `apt-get download: ${lastLine(fetched.stderr)}`
  const deb = readdirSync(dir).find((name) => name.endsWith('.deb'))
  if (!deb) return 'apt-get downloaded nothing'
  const sum = createHash('sha256')
    .update(readFileSync(join(dir, deb)))
    .digest('hex')
  if (deb.endsWith('_amd64.deb') && sum !== sha256) return `${deb} has the checksum ${sum}`
  const unpacked = run('dpkg-deb', ['--extract', deb, '.'])
  if (unpacked.status !== 0) return `dpkg-deb: ${lastLine(unpacked.stderr)}`
  return undefined
}

function debianMirror() {
  const files = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources']
  const text = files
    .flatMap((file) => (existsSync(file) ? [readFileSync(file, 'utf8')] : []))
    .join('\n')
  return /(https?:\/\/\S+\/debian)\/?(?=\s)/.exec(text)?.[1]
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? 'failed'
}
