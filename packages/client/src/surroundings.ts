/**
 * What the platform says about the network and the page. Hints, no more: `onLine` may be wrong
 * both ways, so an attempt is brought forward or a connection is looked at by them, and nothing is
 * ever given up because of them.
 */
export interface Surroundings {
  /**
   * Calls the listener when it is worth looking after connections at once: the network came back
   * or went, or a page that slept is shown again. Returns the unsubscriber.
   */
  onHint(listener: () => void): () => void
}

interface Target {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

interface BrowserGlobals {
  readonly addEventListener?: unknown
  readonly document?: Target & { readonly visibilityState?: string }
}

/** Those of a browser's page or worker; silent elsewhere. */
export function platformSurroundings(globals: object = globalThis): Surroundings {
  const { document } = globals as BrowserGlobals
  const page = isTarget(globals) ? globals : undefined
  return {
    onHint: (listener) => {
      const shown = (): void => {
        if (document?.visibilityState === 'visible') listener()
      }
      const wired: readonly [Target | undefined, string, () => void][] = [
        [page, 'online', listener],
        [page, 'offline', listener],
        // Back from the back/forward cache, where sockets are closed without a word.
        [page, 'pageshow', listener],
        [document, 'visibilitychange', shown],
      ]
      for (const [target, type, react] of wired) target?.addEventListener(type, react)
      return () => {
        for (const [target, type, react] of wired) target?.removeEventListener(type, react)
      }
    },
  }
}

function isTarget(globals: object): globals is Target {
  return 'addEventListener' in globals && typeof globals.addEventListener === 'function'
}
