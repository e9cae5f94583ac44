import type { BackendSwitch, RoutingRegistryStore } from './registry-store.js'

/**
 * Announces changes of backend that are noted in the registry, and removes each note after its
 * announcement: a crash in between announces again, with the same id. Runs come one after the
 * other, so whoever waits for a run knows that what was noted before it was tried.
 */
export interface Announcements {
  /** Something may have been noted. */
  expect(): void
  /** Tries what is noted, each on its own; resolves to whether nothing is left. */
  run(): Promise<boolean>
}

export function createAnnouncements(
  store: () => RoutingRegistryStore,
  announce: (change: BackendSwitch) => Promise<void>,
  onFailure: (error: unknown) => void,
): Announcements {
  let expected = true
  let running: Promise<boolean> = Promise.resolve(true)

  async function runOnce(): Promise<boolean> {
    if (!expected) return true
    expected = false
    try {
      for (const change of await store().unannounced()) await announceOne(change)
    } catch (error) {
      fail(error)
    }
    return !expected
  }

  /** One that fails does not hold up the others. */
  async function announceOne(change: BackendSwitch): Promise<void> {
    try {
      await announce(change)
      await store().announced(change.id)
    } catch (error) {
      fail(error)
    }
  }

  function fail(error: unknown): void {
    expected = true
    onFailure(error)
  }

  return {
    expect: () => {
      expected = true
    },
    run: () => {
      running = running.then(runOnce)
      return running
    },
  }
}
