export interface BackfillProgress {
  /** Brought up to date so far by this run. */
  readonly done: number
  /** Left at the start of this run. */
  readonly total: number
  /** Paths that are none: left as they are, never guessed. At most the first hundred. */
  readonly skipped: readonly string[]
}
