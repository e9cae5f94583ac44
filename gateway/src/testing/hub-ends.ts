import { expect } from 'vitest'
import type { AppError } from '@heirloom/errors'
import type { SharedResult } from '../subscriptions/fill-events.js'
import type { Outlet, Subscription, Waiting } from '../subscriptions/outlet.js'
import { UpstreamBroken, type OpenUpstream, type UpstreamEvent } from '../subscriptions/upstream.js'

// The two ends between which a hub is: what it follows, and what it gives to.

/** A stream in memory, in place of a subgraph. */
export class StreamLog {
  readonly texts: string[] = []
  opened = 0
  open = 0
  #epoch = 0
  #isDown = false
  #wake = new Set<() => void>()

  append(text: string): void {
    this.texts.push(text)
    this.#change()
  }

  cut(): void {
    this.#epoch += 1
    this.#change()
  }

  setDown(isDown: boolean): void {
    this.#isDown = isDown
    if (isDown) this.cut()
  }

  readonly follow: OpenUpstream = (request, signal) => {
    signal.addEventListener('abort', () => this.#change())
    return this.#events(request.variables, signal)
  }

  async *#events(
    variables: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly UpstreamEvent[], void, void> {
    await Promise.resolve()
    if (signal.aborted) return
    if (this.#isDown) throw new UpstreamBroken('down', false)
    const epoch = this.#epoch
    const { __heirloom_after: after } = variables
    let position = typeof after === 'string' ? Number(after.slice(1)) : this.texts.length
    this.opened += 1
    this.open += 1
    try {
      if (after === undefined) yield [{ data: null, extensions: { start_cursor: `c${position}` } }]
      while (!signal.aborted) {
        if (epoch !== this.#epoch) throw new UpstreamBroken('cut', true)
        const batch = this.texts.slice(position, position + 3)
        const from = position
        position += batch.length
        if (batch.length > 0) yield batch.map((text, index) => event(from + index + 1, text))
        else await new Promise<void>((resolve) => this.#wake.add(resolve))
      }
    } finally {
      this.open -= 1
    }
  }

  #change(): void {
    const waiting = [...this.#wake]
    this.#wake.clear()
    for (const wake of waiting) wake()
  }
}

function event(number: number, text: string): UpstreamEvent {
  return { data: { followed: { text, __heirloom_cursor: `c${number}` } } }
}

/** An outlet that tests fill, empty and end. */
export class TestOutlet implements Outlet {
  readonly given: string[] = []
  ended: { readonly reason: AppError | undefined } | undefined
  subscription: Subscription | undefined
  isFull = false
  #waiting: Waiting | undefined

  get hasRoom(): boolean {
    return !this.isFull
  }

  whenRoom(waiting: Waiting): void {
    this.#waiting = waiting
  }

  setFull(isFull: boolean): void {
    this.isFull = isFull
    const waiting = this.#waiting
    if (isFull || waiting === undefined) return
    this.#waiting = undefined
    waiting.resume()
  }

  give({ json }: SharedResult): void {
    expect(this.ended).toBeUndefined()
    const { data } = JSON.parse(json.toString('utf8')) as { data: { followed: { text: string } } }
    this.given.push(data.followed.text)
  }

  end(reason?: AppError): void {
    expect(this.ended).toBeUndefined()
    this.ended = { reason }
  }

  together(work: () => void): void {
    work()
  }
}
