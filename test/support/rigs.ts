import { env } from 'node:process'
import type { Rig } from '@heirloom/testkit'

/** A rig that scripts/test-rigs.mjs has fetched; its path, when it is there. */
export function fetchedRig(name: string): Rig & { readonly path: string } {
  const variable = name.toUpperCase().replaceAll('-', '_')
  const path = env[`HEIRLOOM_RIG_${variable}`] ?? ''
  return {
    name,
    path,
    available: path !== '',
    reason: env[`HEIRLOOM_RIG_MISSING_${variable}`] ?? 'run it by `npm run test:rigs`',
  }
}
