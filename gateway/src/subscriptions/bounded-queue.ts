export interface BoundedQueueOptions {
  /** At this many items `onFull` is called: the source should pause. */
  readonly highWater: number
  /** At this many items, once full, `onDrained` is called: the source may go on. */
  readonly lowWater: number
  readonly onFull: () => void
  readonly onDrained: () => void
  /** Called when the queue stays full and nothing is taken for so long. */
  readonly stallMs: number
  readonly onStall: () => void
}

/**
 * Items in order from one pushing source to one taking reader. Three ends: `end` and `fail` let
 * the reader take what is there first; `discard` wakes it at once.
 */
export class BoundedQueue<T> {
  readonly #options: BoundedQueueOptions
  #items: T[] = []
  #full = false
  #ended = false
  #failure: unknown
  #wake: (() => void) | undefined
  #stall: NodeJS.Timeout | undefined

  constructor(options: BoundedQueueOptions) {
    this.#options = options
  }

  push(item: T): void {
    if (this.#ended) return
    this.#items.push(item)
    if (!this.#full && this.#items.length >= this.#options.highWater) {
      this.#full = true
      this.#options.onFull()
      this.#watchForStall()
    }
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#stall)
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

  /** Resolves to the next item, or to undefined at the end. */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const item = this.#items.shift()
    if (this.#full && !this.#ended) {
      if (this.#items.length <= this.#options.lowWater) {
        this.#full = false
        clearTimeout(this.#stall)
        this.#options.onDrained()
      } else {
        this.#watchForStall()
      }
    }
    return item
  }

  #watchForStall(): void {
    clearTimeout(this.#stall)
    this.#stall = setTimeout(() => this.#options.onStall(), this.#options.stallMs)
  }
}
