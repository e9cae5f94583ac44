export interface StopSignals {
  /** Stop in order. */
  readonly onFirst: () => void
  /** Somebody does not want to wait. */
  readonly onInsisted: () => void
  readonly now?: () => number
}

/**
 * npm passes on to its script what the terminal has sent to both of them, so that one Ctrl-C
 * comes twice, a moment apart. What follows so closely is no second wish.
 */
const echoMs = 500

/** What to call for every signal that asks to stop. */
export function stopSignals({ onFirst, onInsisted, now = Date.now }: StopSignals): () => void {
  let firstAtMs: number | undefined
  return () => {
    if (firstAtMs === undefined) {
      firstAtMs = now()
      onFirst()
    } else if (now() - firstAtMs >= echoMs) {
      onInsisted()
    }
  }
}
