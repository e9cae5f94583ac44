// A real Redis: the machine's own redis-server, else Debian's package.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const candidates = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
]

export function redis() {
  const found = () => candidates.find((path) => existsSync(path))
  if (!found() && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      // The package would start a server of its own, on the well-known port.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }
    spawnSync('apt-get', ['update', '-qq'], options)
    spawnSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
      options,
    )
  }
  const path = found()
  return path
    ? { name: 'redis', env: { HEIRLOOM_RIG_REDIS: path } }
    : { name: 'redis', missing: 'no redis-server, and Debian’s package cannot be installed here' }
}
