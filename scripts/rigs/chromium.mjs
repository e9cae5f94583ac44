// A real browser: the machine's own Chromium, else Debian's package.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export function chromium() {
  const found = () => candidates.find((path) => existsSync(path))
  if (!found() && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }
    spawnSync('apt-get', ['update', '-qq'], options)
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
  }
  const path = found()
  return path
    ? { name: 'chromium', env: { HEIRLOOM_RIG_CHROMIUM: path } }
    : { name: 'chromium', missing: 'no Chromium, and Debian’s package cannot be installed here' }
}
