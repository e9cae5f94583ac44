import { AppError } from '@heirloom/errors'
import type {
  LeavingOptions,
  MigrationOptions,
  NewTarget,
  ProvisionReport,
  RouteMigration,
} from './migration.js'
import type { Route } from './route.js'
import { actorOf, type Scope } from './scope.js'

/** @throws AppError NOT_FOUND, FORBIDDEN, and what `RouteMigrations.start` throws */
export async function migrateRoute(
  scope: Scope,
  routeId: string,
  target: NewTarget,
  options: Partial<MigrationOptions>,
): Promise<RouteMigration> {
  const { id } = changeable(scope, routeId)
  return scope.migrations.start(id, target, options, actorOf(scope.tenant))
}

export type MigrationStep = 'stop' | 'resume' | 'cutOver'

/** @throws AppError NOT_FOUND also for a migration that the caller may not see, CONFLICT */
export async function stepMigration(
  scope: Scope,
  step: MigrationStep,
  id: string,
): Promise<RouteMigration> {
  await visibleMigration(scope, id)
  return scope.migrations[step](id, actorOf(scope.tenant))
}

/** @throws AppError likewise */
export async function leaveBackend(
  scope: Scope,
  step: 'rollBack' | 'retire',
  id: string,
  options: LeavingOptions,
): Promise<RouteMigration> {
  await visibleMigration(scope, id)
  return scope.migrations[step](id, actorOf(scope.tenant), options)
}

/** Null also for one that the caller may not see. */
export async function findMigration(scope: Scope, id: string): Promise<RouteMigration | null> {
  const migration = await scope.migrations.find(id)
  return migration !== null && maySee(scope, migration) ? migration : null
}

export async function listMigrations(
  scope: Scope,
  limit: number,
): Promise<readonly RouteMigration[]> {
  const active = (await scope.migrations.active()).filter((one) => maySee(scope, one))
  if (active.length >= limit) return active.slice(0, limit)
  const finished = (await scope.migrations.finished(maxFinished)).filter((one) =>
    maySee(scope, one),
  )
  return [...active, ...finished].slice(0, limit)
}

const maxFinished = 500

/** @throws AppError NOT_FOUND, FORBIDDEN, and what `RouteMigrations.provision` throws */
export async function provisionBackend(
  scope: Scope,
  routeId: string,
  target: NewTarget | null,
): Promise<ProvisionReport> {
  return scope.migrations.provision(changeable(scope, routeId), target)
}

async function visibleMigration(scope: Scope, id: string): Promise<void> {
  if ((await findMigration(scope, id)) !== null) return
  throw new AppError('NOT_FOUND', 'there is no such migration')
}

/**
 * Who may change the route, and not everybody who may read it: a migration of a route for any tenant
 * names records of all tenants.
 */
function maySee({ tenant, authorizer }: Scope, { routeId, tenantId }: RouteMigration): boolean {
  return authorizer.allows(tenant, 'route:write', { kind: 'Route', id: routeId, tenantId })
}

function changeable({ tenant, authorizer, routes }: Scope, id: string): Route {
  const route = routes.list().find((candidate) => candidate.id === id)
  const resource = { kind: 'Route', id, tenantId: route?.tenantId ?? null } as const
  if (route === undefined || !authorizer.allows(tenant, 'route:read', resource)) {
    throw new AppError('NOT_FOUND', 'there is no such route')
  }
  authorizer.require(tenant, 'route:write', resource)
  return route
}
