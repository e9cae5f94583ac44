/** What following streams may cost a process, and how long it waits for what. */
export interface StreamLimits {
  /** How long a reader trusts that no wake-up is no event. */
  readonly pollIntervalMs: number
  /** The same for a log that has been quiet for long, and whose wake-ups are the rule. */
  readonly quietPollIntervalMs: number
  /** Newest events that a stream's followers share, and the sum of their sizes. */
  readonly ringEvents: number
  readonly ringBytes: number
  /** One page of a follower that reads the log by itself. */
  readonly pageEvents: number
  readonly pageBytes: number
  /** How long a follower may leave events lying that wait for it. */
  readonly stallMs: number
  /** How long a log may be away before its followers are told. */
  readonly outageMs: number
  /** How long a reader goes on without a follower: they come back after a short break. */
  readonly lingerMs: number
  /** How often followers are looked at for what ends them. */
  readonly sweepMs: number
}

export const streamLimits: StreamLimits = {
  pollIntervalMs: 1_000,
  quietPollIntervalMs: 10_000,
  ringEvents: 1_000,
  ringBytes: 524_288,
  pageEvents: 1_000,
  pageBytes: 262_144,
  stallMs: 30_000,
  outageMs: 30_000,
  lingerMs: 5_000,
  sweepMs: 1_000,
}
