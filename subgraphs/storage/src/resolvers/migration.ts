import { AppError } from '@heirloom/errors'
import { pageSize } from '@heirloom/subgraph'
import {
  findMigration,
  leaveBackend,
  listMigrations,
  migrateRoute,
  provisionBackend,
  stepMigration,
} from '../domain/migrate-routes.js'
import type { MigrationOptions, MigrationPhase as Phase, NewTarget } from '../domain/migration.js'
import type { Strategy } from '../domain/route.js'
import type {
  BackendType,
  MigrateRouteInput,
  MigrationDifferenceResolvers,
  MigrationErrorResolvers,
  MigrationOptionsResolvers,
  MigrationPhase,
  MigrationStepResolvers,
  MutationResolvers,
  QueryResolvers,
  RouteMigrationResolvers,
  RouteResolvers,
  RouteStrategy,
  RouteTargetResolvers,
} from '../generated/resolvers.js'
import { upper } from './enum-names.js'
import { backendName, backendTypeOf } from './route.js'

const phaseNames = {
  'dual-write': 'DUAL_WRITE',
  backfill: 'BACKFILL',
  verify: 'VERIFY',
  ready: 'READY',
  'cut-over': 'CUT_OVER',
  'rollback-window': 'ROLLBACK_WINDOW',
  retire: 'RETIRE',
  done: 'DONE',
  mirrored: 'MIRRORED',
  'roll-back': 'ROLL_BACK',
  undo: 'UNDO',
  'rolled-back': 'ROLLED_BACK',
} as const satisfies Record<Phase, MigrationPhase>

const strategyNames = {
  single: 'SINGLE',
  'dual-write': 'DUAL_WRITE',
  'read-replica': 'READ_REPLICA',
} as const satisfies Record<Strategy, RouteStrategy>

const msPerSecond = 1_000

type MigrationQueries = Pick<QueryResolvers, 'routeMigrations' | 'routeMigration'>
export const migrationQueries: MigrationQueries = {
  routeMigrations: async (_parent, args, { scope }) => [
    ...(await listMigrations(scope, pageSize(args))),
  ],
  routeMigration: (_parent, { id }, { scope }) => findMigration(scope, id),
}

type MigrationMutations = Pick<
  MutationResolvers,
  | 'migrateRoute'
  | 'stopMigration'
  | 'resumeMigration'
  | 'cutOverMigration'
  | 'rollBackMigration'
  | 'retireMigration'
  | 'provisionBackend'
>
export const migrationMutations: MigrationMutations = {
  migrateRoute: async (_parent, { input }, { scope }) => {
    const target = { backendType: backendTypeOf(input.backendType), config: input.config }
    return { migration: await migrateRoute(scope, input.routeId, target, optionsOf(input)) }
  },
  stopMigration: async (_parent, { input }, { scope }) => ({
    migration: await stepMigration(scope, 'stop', input.id),
  }),
  resumeMigration: async (_parent, { input }, { scope }) => ({
    migration: await stepMigration(scope, 'resume', input.id),
  }),
  cutOverMigration: async (_parent, { input }, { scope }) => ({
    migration: await stepMigration(scope, 'cutOver', input.id),
  }),
  rollBackMigration: async (_parent, { input }, { scope }) => ({
    migration: await leaveBackend(scope, 'rollBack', input.id, {
      keepRecords: input.keepRecords ?? null,
    }),
  }),
  retireMigration: async (_parent, { input }, { scope }) => ({
    migration: await leaveBackend(scope, 'retire', input.id, {
      keepRecords: input.keepRecords ?? null,
    }),
  }),
  provisionBackend: async (_parent, { input }, { scope }) => {
    const target = targetOf(input.backendType ?? null, input.config ?? null)
    const report = await provisionBackend(scope, input.routeId, target)
    return {
      report: {
        done: [...report.done],
        found: [...report.found],
        refused: report.refused.map((one) => ({ ...one })),
      },
    }
  },
}

function optionsOf(input: MigrateRouteInput): Partial<MigrationOptions> {
  const { mirror, rollbackWindowSeconds: window, pageSize: size } = input
  if (mirror === 'SINGLE') {
    throw new AppError('INVALID_INPUT', 'a mirror is DUAL_WRITE or READ_REPLICA')
  }
  return {
    ...(mirror ? { goal: 'mirror', strategy: mirrorOf(mirror) } : { goal: 'move' }),
    autoCutOver: input.autoCutOver ?? true,
    rollbackWindowMs: typeof window === 'number' ? window * msPerSecond : null,
    recordsPerSecond: input.recordsPerSecond ?? null,
    ...(typeof size === 'number' ? { pageSize: size } : {}),
    keepRecords: input.keepRecords ?? false,
    rationale: input.rationale ?? null,
  }
}

function mirrorOf(name: Exclude<RouteStrategy, 'SINGLE'>): MigrationOptions['strategy'] {
  return name === 'DUAL_WRITE' ? 'dual-write' : 'read-replica'
}

function targetOf(backendType: BackendType | null, config: unknown): NewTarget | null {
  if (backendType === null && config === null) return null
  if (backendType !== null && config !== null) {
    return { backendType: backendTypeOf(backendType), config }
  }
  throw new AppError('INVALID_INPUT', 'give backendType and config, or neither')
}

type PlacementFields = Pick<RouteResolvers, 'strategy' | 'shadow' | 'writesHeld' | 'migration'>
export const routePlacementResolvers: PlacementFields = {
  strategy: ({ placement }) => strategyNames[placement.strategy],
  shadow: ({ placement }) => placement.shadow,
  writesHeld: ({ placement }) => placement.writes === 'held',
  migration: ({ placement: { migrationId } }, _args, { scope }) =>
    migrationId === null ? null : findMigration(scope, migrationId),
}

export const routeTargetResolvers: RouteTargetResolvers = {
  backendType: ({ backendType }) => backendName(backendType),
}

export const routeMigrationResolvers: RouteMigrationResolvers = {
  phase: ({ phase }) => phaseNames[phase],
  startedAt: ({ startedAt }) => new Date(startedAt),
  phaseStartedAt: ({ phaseStartedAt }) => new Date(phaseStartedAt),
  finishedAt: ({ finishedAt }) => (finishedAt === null ? null : new Date(finishedAt)),
  differences: ({ differences }) => [...differences],
  history: ({ history }) => [...history],
}

export const migrationOptionsResolvers: MigrationOptionsResolvers = {
  isMove: ({ goal }) => goal === 'move',
  rollbackWindowSeconds: ({ rollbackWindowMs: window }) =>
    window === null ? null : Math.round(window / msPerSecond),
}

export const migrationDifferenceResolvers: MigrationDifferenceResolvers = {
  tenantId: ({ tenant }) => tenant,
  partition: ({ pk }) => pk,
  key: ({ sk }) => sk,
  kind: ({ kind }) => upper(kind),
}

export const migrationErrorResolvers: MigrationErrorResolvers = {
  at: ({ at }) => new Date(at),
}

export const migrationStepResolvers: MigrationStepResolvers = {
  phase: ({ phase }) => phaseNames[phase],
  at: ({ at }) => new Date(at),
}
