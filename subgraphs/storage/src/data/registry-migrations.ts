import { AppError } from '@heirloom/errors'
import {
  parseConfig,
  storeNeedsOf,
  type BackendConfig,
  type BackendPool,
  type BackendType,
  type Migrations,
  type RoutingRegistry,
} from '@heirloom/persistence'
import type { ProvisionReport, RouteMigrations } from '../domain/migration.js'
import type { Route } from '../domain/route.js'

interface Target {
  readonly backendType: BackendType
  readonly config: BackendConfig
}

/** Migrations as the domain sees them, and the provisioning of the backends that they lead to. */
export function createRegistryMigrations(
  migrations: Migrations,
  registry: Pick<RoutingRegistry, 'list'>,
  pool: BackendPool,
): RouteMigrations {
  /** The route that the domain knows has its secrets redacted: this one has them. */
  function targetsOf(routeId: string): readonly Target[] {
    const route = registry.list().find(({ id }) => id === routeId)
    if (route === undefined) throw new AppError('NOT_FOUND', 'there is no such route')
    const { shadow } = route.placement
    return shadow === null ? [route] : [route, shadow]
  }

  async function provision(
    { resourceKind }: Pick<Route, 'resourceKind'>,
    { backendType, config }: Target,
  ): Promise<ProvisionReport> {
    const needs = storeNeedsOf(resourceKind, backendType)
    const report = await pool.open(backendType, config).provision?.(needs)
    return report ?? { done: [], found: [`${backendType} needs nothing`], refused: [] }
  }

  return {
    ...migrations,
    provision: async (route, target) => {
      const reports: ProvisionReport[] = []
      for (const one of target === null ? targetsOf(route.id) : [checked(pool, target)]) {
        reports.push(await provision(route, one))
      }
      return {
        done: reports.flatMap(({ done }) => done),
        found: reports.flatMap(({ found }) => found),
        refused: reports.flatMap(({ refused }) => refused),
      }
    },
  }
}

function checked(
  pool: BackendPool,
  { backendType, config }: { readonly backendType: BackendType; readonly config: unknown },
): Target {
  return { backendType, config: parseConfig(pool.find(backendType).configSpec, config) }
}
