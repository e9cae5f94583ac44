import type { ExecutionResult } from 'graphql'

// A subscription "from now" has no position until its first event, so a socket that breaks before
// it could not be resumed without a gap. A subgraph that knows where "now" was tells the gateway
// so: ahead of the first event goes a result without data, whose extensions carry the cursor. The
// gateway keeps it and hands it to nobody.

const starts = new WeakMap<object, string>()

/**
 * For a `subscribe` resolver that was given no cursor: says after which position its events come.
 * Call it with the resolver's context, before the iterator is returned.
 */
export function announceStart(context: object, cursor: string): void {
  starts.set(context, cursor)
}

type Results = AsyncGenerator<ExecutionResult, void, void>

/** Puts the announcement, if there is one, ahead of a subscription's results. */
export function withStart(context: unknown, results: Results): Results {
  const cursor = typeof context === 'object' && context !== null ? starts.get(context) : undefined
  if (cursor === undefined) return results
  let announced = false
  const announcing: Results = {
    next: () => {
      if (announced) return results.next()
      announced = true
      const value = { data: null, extensions: { start_cursor: cursor } }
      return Promise.resolve({ done: false, value })
    },
    return: (value) => results.return(value),
    throw: (error) => results.throw(error),
    [Symbol.asyncIterator]: () => announcing,
  }
  return announcing
}
