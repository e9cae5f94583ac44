/**
 * Work that is under way, for those who want the very same while it is: they are handed its
 * outcome instead of doing it again. Invariants: what is handed out began after everything that
 * `forget` was called for had ended, so that nobody who has seen a change is shown what was read
 * before it; and nothing is kept once it has ended.
 */
export class InFlight<Outcome> {
  readonly #running = new Map<string, Promise<Outcome>>()
  #shared = 0

  /** How often somebody was handed what another was waiting for already. */
  get shared(): number {
    return this.#shared
  }

  /** Equal keys promise equal outcomes. */
  share(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const running = this.#running.get(key)
    if (running !== undefined) {
      this.#shared += 1
      return running
    }
    const begun = work()
    this.#running.set(key, begun)
    const end = (): void => {
      if (this.#running.get(key) === begun) this.#running.delete(key)
    }
    begun.then(end, end)
    return begun
  }

  /** Something has changed: what is under way may have been read before that. */
  forget(): void {
    this.#running.clear()
  }
}
