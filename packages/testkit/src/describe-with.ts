import { describe } from 'vitest'
import { reasonMarker } from './closing-lines.js'

/** A server or program that a suite needs and a machine may lack. */
export interface Rig {
  readonly name: string
  readonly available: boolean
  /** Why it is not there, and how to get it: shown in the run's closing lines. */
  readonly reason: string
}

/**
 * `describe`, for a suite that needs a rig. Without the rig the suite does not run, and the
 * run's closing lines say so with the reason.
 */
export function describeWith(rig: Rig, title: string, suite: () => void): void {
  const why = rig.available ? '' : `${reasonMarker}${rig.name}: ${rig.reason}`
  // oxlint-disable-next-line vitest/valid-title, vitest/valid-describe-callback
  describe.skipIf(!rig.available)(`${title}${why}`, suite)
}
