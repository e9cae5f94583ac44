export interface SessionLimits {
  /** A session that is not used for so long ends. */
  readonly idleMs: number
  /** However much it is used, a session ends so long after the sign-in. */
  readonly absoluteMs: number
}

const hour = 3_600_000

export const sessionLimits: SessionLimits = { idleMs: 24 * hour, absoluteMs: 14 * 24 * hour }
/** The sessions of one user; one more ends the one whose last use is longest ago. */
export const maxSessionsPerUser = 50
