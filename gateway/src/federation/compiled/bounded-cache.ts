/** Forgets what was not used for longest once it holds more than it may. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>()

  constructor(readonly maxEntries: number) {}

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    // A Map keeps insertion order: what is used moves to the end, the front is forgotten. Only
    // what is about to be forgotten has to move, so a cache that is not full costs one lookup.
    if (this.#entries.size >= this.maxEntries) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  /** Roughly by use: what was added or, once it is full, used last comes last. */
  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries()
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > this.maxEntries && oldest.done !== true) {
      this.#entries.delete(oldest.value)
    }
  }
}
