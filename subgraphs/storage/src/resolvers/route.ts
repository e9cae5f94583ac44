import type { Mode } from '@heirloom/tenancy'
import type { BackendType as DomainBackendType } from '../domain/route.js'
import type { BackendType, RouteResolvers, TenantMode } from '../generated/resolvers.js'

const backendNames = {
  postgres: 'POSTGRES',
  dynamodb: 'DYNAMODB',
  firestore: 'FIRESTORE',
  cosmos: 'COSMOS',
  filesystem: 'FILESYSTEM',
  memory: 'MEMORY',
} as const satisfies Record<DomainBackendType, BackendType>

const backendTypes = {
  POSTGRES: 'postgres',
  DYNAMODB: 'dynamodb',
  FIRESTORE: 'firestore',
  COSMOS: 'cosmos',
  FILESYSTEM: 'filesystem',
  MEMORY: 'memory',
} as const satisfies Record<BackendType, DomainBackendType>

const modeNames = {
  saas: 'SAAS',
  enterprise: 'ENTERPRISE',
  system: 'SYSTEM',
  lab: 'LAB',
} as const satisfies Record<Mode, TenantMode>

const modes = {
  SAAS: 'saas',
  ENTERPRISE: 'enterprise',
  SYSTEM: 'system',
  LAB: 'lab',
} as const satisfies Record<TenantMode, Mode>

export function backendTypeOf(name: BackendType): DomainBackendType {
  return backendTypes[name]
}

export function backendName(type: DomainBackendType): BackendType {
  return backendNames[type]
}

export function modeOf(name: TenantMode): Mode {
  return modes[name]
}

export const routeResolvers: RouteResolvers = {
  backendType: (route) => backendName(route.backendType),
  previousBackendType: ({ previousBackendType: type }) =>
    type === null ? null : backendName(type),
  modes: (route) => route.modes.map((mode) => modeNames[mode]),
}
