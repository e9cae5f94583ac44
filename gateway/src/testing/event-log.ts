import { AppError } from '@heirloom/errors'

export interface LogEntry {
  readonly cursor: string
  readonly text: string
  readonly book: { readonly id: string } | null
  readonly by: readonly { readonly id: string }[]
}

/** An append-only log per tenant that outlives the subgraph which serves it. */
export class EventLog {
  readonly #entries = new Map<string, LogEntry[]>()
  readonly #waiting = new Set<() => void>()
  /** How many followers there are right now. */
  followers = 0
  /** How many of them have read everything, and wait. */
  idle = 0

  get length(): number {
    return [...this.#entries.values()].reduce((sum, entries) => sum + entries.length, 0)
  }

  append(tenant: string, text: string, more: Partial<LogEntry> = {}): LogEntry {
    const entries = this.#of(tenant)
    const entry = { cursor: `c${entries.length + 1}`, text, book: null, by: [], ...more }
    entries.push(entry)
    this.#wakeAll()
    return entry
  }

  /** The position of the last entry. */
  end(tenant: string): string {
    return `c${this.#of(tenant).length}`
  }

  /** Strictly after the cursor; without one, from now. */
  follow(tenant: string, after: string | undefined): AsyncGenerator<LogEntry, void, void> {
    const entries = this.#of(tenant)
    let position = after === undefined ? entries.length : Number(after.slice(1))
    if (!Number.isInteger(position)) {
      throw new AppError('CURSOR_INVALID', 'this cursor is not one of ours')
    }
    let isOpen = true
    this.followers += 1
    this.#wakeAll()
    const stop = (): Promise<IteratorResult<LogEntry, void>> => {
      if (isOpen) this.followers -= 1
      isOpen = false
      this.#wakeAll()
      return Promise.resolve({ done: true, value: undefined })
    }
    const iterator: AsyncGenerator<LogEntry, void, void> = {
      next: async () => {
        for (;;) {
          if (!isOpen) return { done: true, value: undefined }
          const entry = entries[position]
          if (entry !== undefined) {
            position += 1
            return { done: false, value: entry }
          }
          this.idle += 1
          this.#wakeAll()
          await this.#appended(entries, position, () => isOpen)
          this.idle -= 1
        }
      },
      return: stop,
      throw: stop,
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** Resolves once there are so many followers. */
  async untilFollowers(count: number): Promise<void> {
    while (this.followers !== count) await this.#change()
  }

  /** Resolves once so many followers have read everything. */
  async untilIdle(count: number): Promise<void> {
    while (this.idle !== count) await this.#change()
  }

  async #appended(entries: LogEntry[], length: number, isOpen: () => boolean): Promise<void> {
    while (isOpen() && entries.length === length) await this.#change()
  }

  #of(tenant: string): LogEntry[] {
    const known = this.#entries.get(tenant) ?? []
    this.#entries.set(tenant, known)
    return known
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
    })
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake()
  }
}
