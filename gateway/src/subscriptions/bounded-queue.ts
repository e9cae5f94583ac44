export interface BoundedQueueOptions {
  /** At this many items `onFull` is called: the source should pause. */
  readonly maxItems: number
  /** Likewise at this sum of the sizes given to `push`. */
  readonly maxBytes: number
  readonly onFull: () => void
  /** Called when what filled it has been taken: the source may go on. */
  readonly onDrained: () => void
}

/**
 * Items in order from one pushing source to one taking reader. Three ends: `end` and `fail` let
 * the reader take what is there first; `discard` wakes it at once.
 */
export class BoundedQueue<T> {
  readonly #options: BoundedQueueOptions
  #items: T[] = []
  #bytes = 0
  #full = false
  #ended = false
  #failure: unknown
  #wake: (() => void) | undefined

  constructor(options: BoundedQueueOptions) {
    this.#options = options
  }

  push(item: T, bytes: number): void {
    if (this.#ended) return
    const { maxItems, maxBytes, onFull } = this.#options
    this.#items.push(item)
    this.#bytes += bytes
    if (!this.#full && (this.#items.length >= maxItems || this.#bytes >= maxBytes)) {
      this.#full = true
      onFull()
    }
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** The first reason counts. */
  fail(error: unknown): void {
    if (this.#ended) return
    this.#failure = error
    this.end()
  }

  discard(): void {
    this.#items = []
    this.end()
  }

  /** Resolves to all that is there, at least one item; to undefined at the end. */
  async take(): Promise<readonly T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    if (this.#full && !this.#ended) {
      this.#full = false
      this.#options.onDrained()
    }
    return items
  }
}
