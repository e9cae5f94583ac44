import { createHash } from 'node:crypto'
import type { Backend, BackendConfig, BackendType, OpenBackend } from '@heirloom/persistence'
import { createLatencyWindow, type LatencyWindow, type WindowReading } from './latency-window.js'
import { meteredTable } from './metered-table.js'

/** What a process measures of its backends, each with each of its configs by itself. */
export interface BackendMeters {
  /** The backends as they were, with what they open measured. */
  readonly backends: readonly Backend[]
  read(type: BackendType, config: BackendConfig): WindowReading
}

export function createBackendMeters(
  backends: readonly Backend[],
  now: () => number,
): BackendMeters {
  const windows = new Map<string, LatencyWindow>()

  function windowOf(type: BackendType, config: BackendConfig): LatencyWindow {
    const id = backendId(type, config)
    const window = windows.get(id) ?? createLatencyWindow(now)
    windows.set(id, window)
    return window
  }

  function metered(backend: Backend): Backend {
    return {
      ...backend,
      open: (config): OpenBackend => {
        const open = backend.open(config)
        const window = windowOf(backend.type, config)
        const { records } = open
        return {
          ...open,
          records: {
            for: (tenant, layout) => meteredTable(records.for(tenant, layout), window),
            scan: (range, layout) => records.scan(range, layout),
          },
        }
      },
    }
  }

  return {
    backends: backends.map(metered),
    read: (type, config) => windowOf(type, config).read(),
  }
}

/** The same for the same config, whatever the order of its fields. */
export function backendId(type: BackendType, config: BackendConfig): string {
  const fields = Object.entries(config).sort(([one], [other]) => (one < other ? -1 : 1))
  const digest = createHash('sha256').update(JSON.stringify([type, fields]))
  return `be_${digest.digest('hex').slice(0, 24)}`
}
