import { AppError } from '@heirloom/errors'
import type { Operations } from './operations.js'
import { serveSupergraph, type ServedSupergraph, type ServingOptions } from './served-supergraph.js'
import type { FetchSubgraph } from './subgraph-request.js'
import { buildSupergraph, type Supergraph } from './supergraph.js'

// The supergraph can be replaced while it is served. Invariants: there is always a current one;
// a new one is current only when it is ready to serve; replacements happen one after the other, in
// the order in which they were asked for; a replaced one is closed when its last holder lets go,
// and not before; and it is never handed out again.

/** A supergraph that stays open until it is let go. */
export interface Hold {
  readonly served: ServedSupergraph
  /** To be called once; what is called again does nothing. */
  readonly release: () => void
}

export interface Federation {
  /** What new work runs on, to be looked at. What takes time holds it. */
  readonly current: () => ServedSupergraph
  readonly hold: () => Hold
  /**
   * Takes up another supergraph, and resolves to whether it differs from the current one. What
   * runs goes on with what it holds. Listeners have been told when it resolves.
   * @throws AppError INVALID_INPUT that says what is wrong; the current one is then served on
   */
  readonly replace: (sdl: string) => Promise<boolean>
  /** Calls `listener` after each replacement, with what is current now; returns how to stop. */
  readonly onChange: (listener: (current: ServedSupergraph) => void) => () => void
  /** Each operation runs to its end on the supergraph that was current when it began. */
  readonly operations: Pick<Operations, 'respond' | 'run'>
  readonly fetch: FetchSubgraph
  /** Names of the subgraphs that do not answer. */
  readonly missing: () => Promise<readonly string[]>
  /** Closes everything, held or not. */
  close(): Promise<void>
}

/**
 * @param sdl of the first supergraph
 * @throws AppError INVALID_INPUT when it is none
 */
export async function createFederation(sdl: string, options: ServingOptions): Promise<Federation> {
  const { logger } = options
  const listeners = new Set<(current: ServedSupergraph) => void>()
  const open = new Set<Counted>()
  let current = await opened(readSupergraph(sdl, false))
  let replacing: Promise<unknown> = Promise.resolve()
  let closed = false

  async function opened(supergraph: Supergraph): Promise<Counted> {
    const counted = { served: await madeReady(supergraph, options), holders: 0 }
    open.add(counted)
    return counted
  }

  async function closeUnused(counted: Counted): Promise<void> {
    if (counted === current || counted.holders > 0 || !open.delete(counted)) return
    await counted.served.close()
  }

  function closeLater(counted: Counted): void {
    closeUnused(counted).catch((error: unknown) => {
      logger.warn({ err: error }, 'a replaced supergraph could not be closed')
    })
  }

  function hold(): Hold {
    const held = current
    let isHeld = true
    held.holders += 1
    return {
      served: held.served,
      release: () => {
        if (!isHeld) return
        isHeld = false
        held.holders -= 1
        closeLater(held)
      },
    }
  }

  async function holding<T>(work: (served: ServedSupergraph) => Promise<T>): Promise<T> {
    const { served, release } = hold()
    try {
      return await work(served)
    } finally {
      release()
    }
  }

  async function replaceAfter(previous: Promise<unknown>, next: string): Promise<boolean> {
    await previous
    if (closed || next === current.served.supergraph.sdl) return false
    const replacement = await opened(readSupergraph(next, true))
    const replaced = current
    // While the old one still serves: nobody waits for plans of what has been planned before.
    await replacement.served.operations.warm(replaced.served.operations.inUse())
    current = replacement
    for (const listener of listeners) {
      try {
        listener(current.served)
      } catch (error) {
        logger.error({ err: error }, 'somebody could not take up the new supergraph')
      }
    }
    closeLater(replaced)
    return true
  }

  return {
    current: () => current.served,
    hold,
    replace: (next) => {
      const replaced = replaceAfter(replacing, next)
      replacing = replaced.catch(() => undefined)
      return replaced
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    operations: {
      respond: (operation, caller) =>
        holding(({ operations }) => operations.respond(operation, caller)),
      run: (operation, caller) => holding(({ operations }) => operations.run(operation, caller)),
    },
    fetch: (request) => holding(({ subgraphs }) => subgraphs.fetch(request)),
    missing: async () => {
      const reachable = await holding(({ subgraphs }) => subgraphs.reachable())
      return [...reachable].flatMap(([name, isReachable]) => (isReachable ? [] : [name]))
    },
    close: async () => {
      closed = true
      await replacing
      listeners.clear()
      const all = [...open]
      open.clear()
      await Promise.all(all.map(({ served }) => served.close()))
    },
  }
}

interface Counted {
  readonly served: ServedSupergraph
  holders: number
}

/** @throws AppError INVALID_INPUT */
function readSupergraph(sdl: string, validate: boolean): Supergraph {
  try {
    return buildSupergraph(sdl, { validate })
  } catch (cause) {
    throw notServable(cause)
  }
}

/** @throws AppError INVALID_INPUT */
async function madeReady(
  supergraph: Supergraph,
  options: ServingOptions,
): Promise<ServedSupergraph> {
  try {
    return await serveSupergraph(supergraph, options)
  } catch (cause) {
    throw notServable(cause)
  }
}

function notServable(cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AppError('INVALID_INPUT', `this supergraph cannot be served: ${reason}`, { cause })
}
