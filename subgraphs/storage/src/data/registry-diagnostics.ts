import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import type {
  BackendConfig,
  BackendPool,
  BackendType,
  RoutingRegistry,
} from '@heirloom/persistence'
import type { BackendUse, Diagnostics } from '../domain/backend-health.js'
import { backendId, type BackendMeters } from './backend-meters.js'

interface Target {
  readonly backendType: BackendType
  readonly config: BackendConfig
}

interface Probe {
  readonly startedAtMs: number
  readonly healthy: Promise<boolean>
}

const probeTimeoutMs = 2_000
/** So that nobody who reloads a page asks a backend at each reload. */
const probeLifetimeMs = 2_000

/** Diagnostics of the backends that the registry's routes name, shadows included. */
export function createRegistryDiagnostics(
  registry: Pick<RoutingRegistry, 'list'>,
  pool: BackendPool,
  meters: BackendMeters,
): Diagnostics {
  const probes = new Map<string, Probe>()
  // Routes and shadows stay the same objects until the registry's copy is replaced.
  const ids = new WeakMap<Target, string>()

  function healthy(id: string, target: Target): Promise<boolean> {
    const known = probes.get(id)
    if (known !== undefined && performance.now() - known.startedAtMs < probeLifetimeMs) {
      return known.healthy
    }
    const probe = { startedAtMs: performance.now(), healthy: answers(pool, target) }
    probes.set(id, probe)
    return probe.healthy
  }

  function targets(): ReadonlyMap<string, { target: Target; routeIds: string[] }> {
    const found = new Map<string, { target: Target; routeIds: string[] }>()
    for (const route of registry.list()) {
      const { shadow } = route.placement
      for (const target of shadow === null ? [route] : [route, shadow]) {
        const id = ids.get(target) ?? backendId(target.backendType, target.config)
        ids.set(target, id)
        const entry = found.get(id) ?? { target, routeIds: [] }
        entry.routeIds.push(route.id)
        found.set(id, entry)
      }
    }
    return found
  }

  let known: ReturnType<typeof targets> = new Map()
  return {
    uses: (routeIds) =>
      [...(known = targets())]
        .map(([id, { target, routeIds: all }]): BackendUse => {
          const { backendType, config } = target
          const visible = all.filter((routeId) => routeIds.has(routeId))
          return { id, backendType, config: pool.redact(backendType, config), routeIds: visible }
        })
        .filter((use) => use.routeIds.length > 0)
        .sort((one, other) => (one.id < other.id ? -1 : 1)),
    check: async (id) => {
      const target = known.get(id)?.target
      if (target === undefined) throw new AppError('NOT_FOUND', 'no route names this backend')
      const { count, ...reading } = meters.read(target.backendType, target.config)
      return { healthy: await healthy(id, target), operations: count, ...reading }
    },
  }
}

async function answers(pool: BackendPool, { backendType, config }: Target): Promise<boolean> {
  const asked = new AbortController()
  try {
    return await Promise.race([
      pool
        .open(backendType, config)
        .ping()
        .then(() => true),
      delay(probeTimeoutMs, false, { signal: asked.signal, ref: false }),
    ])
  } catch {
    // Which backend, is what the answer says; why, is for the log of whoever uses it.
    return false
  } finally {
    asked.abort()
  }
}
