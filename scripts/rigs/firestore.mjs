// Google's Firestore emulator: the jar of an installed Cloud SDK, found through `gcloud`. It may not
// be passed on, so it is taken from where it is; Java runs it.
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { env } from 'node:process'

export function firestore() {
  const missing = (reason) => ({ name: 'firestore', missing: reason })
  const gcloud = (env.PATH ?? '')
    .split(delimiter)
    .map((dir) => join(dir, 'gcloud'))
    .find((path) => existsSync(path))
  if (!gcloud) return missing('no Google Cloud SDK: there is no gcloud on the PATH')
  const sdk = dirname(dirname(realpathSync(gcloud)))
  const jar = join(sdk, 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar')
  if (!existsSync(jar)) {
    return missing('the Cloud SDK lacks its component cloud-firestore-emulator')
  }
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' })
  if (java.status !== 0) return missing('the emulator needs Java, and there is none')
  return { name: 'firestore', env: { HEIRLOOM_RIG_FIRESTORE: jar } }
}
