import { parse } from 'yaml'
import { AppError } from '@heirloom/errors'
import { modes, tenantId, type Mode, type TenantId } from '@heirloom/tenancy'
import { backendTypes, type BackendType } from '../backends/backend.js'
import type { BackendConfig } from '../backends/config-spec.js'
import type { NewRoute } from './new-route.js'

/** The one route that cannot be in the registry: the registry's own. */
export interface RoutingBootstrap {
  readonly registry: {
    readonly tenantId: TenantId
    readonly backendType: BackendType
    readonly config: BackendConfig
    readonly modes: readonly Mode[]
  }
  /** Saved when the registry has never been written to; ignored ever after. */
  readonly routes: readonly NewRoute[]
}

type Fields = ReadonlyMap<string, unknown>

const registryFields = ['tenant_id', 'backend_type', 'config', 'modes']
const routeFields = [
  'resource_kind',
  'tenant_id',
  'env',
  'modes',
  'project_id',
  'surface_id',
  'backend_type',
  'config',
  'tier',
  'cost_notes',
]

/**
 * Reads a bootstrap file, YAML or JSON (which is YAML).
 * @throws AppError INVALID_INPUT that names the field
 */
export function parseBootstrap(text: string): RoutingBootstrap {
  const file = fieldsOf(parseYaml(text), ['registry', 'routes'], 'the file')
  const registry = fieldsOf(file.get('registry'), registryFields, 'registry')
  return {
    registry: {
      tenantId: tenantId(textOf(registry, 'tenant_id')),
      backendType: backendTypeOf(registry),
      config: configOf(registry),
      modes: modesOf(registry),
    },
    routes: listOf(file.get('routes') ?? [], 'routes').map(routeOf),
  }
}

function routeOf(value: unknown): NewRoute {
  const route = fieldsOf(value, routeFields, 'a route')
  const tenant = optionalText(route, 'tenant_id')
  return {
    resourceKind: textOf(route, 'resource_kind'),
    tenantId: tenant === null ? null : tenantId(tenant),
    env: optionalText(route, 'env'),
    modes: modesOf(route),
    projectId: optionalText(route, 'project_id'),
    surfaceId: optionalText(route, 'surface_id'),
    backendType: backendTypeOf(route),
    config: configOf(route),
    tier: optionalText(route, 'tier'),
    costNotes: optionalText(route, 'cost_notes'),
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    throw new AppError('INVALID_INPUT', 'the routing bootstrap file is no YAML', { cause })
  }
}

function fieldsOf(value: unknown, allowed: readonly string[], what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(`${what} must have fields`)
  }
  const fields = new Map<string, unknown>(Object.entries(value))
  const other = [...fields.keys()].find((name) => !allowed.includes(name))
  if (other !== undefined) throw wrong(`${what} has no field "${other}"`)
  return fields
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong(`${what} must be a list`)
}

function textOf(fields: Fields, name: string): string {
  const value = fields.get(name)
  if (typeof value === 'string' && value !== '') return value
  throw wrong(`"${name}" must be a text`)
}

function optionalText(fields: Fields, name: string): string | null {
  return fields.has(name) && fields.get(name) !== null ? textOf(fields, name) : null
}

function modesOf(fields: Fields): readonly Mode[] {
  return listOf(fields.get('modes') ?? [], '"modes"').map((value) => {
    const mode = modes.find((candidate) => candidate === value)
    if (mode === undefined) throw wrong(`"modes" may name ${modes.join(', ')}`)
    return mode
  })
}

function backendTypeOf(fields: Fields): BackendType {
  const type = backendTypes.find((candidate) => candidate === fields.get('backend_type'))
  if (type === undefined) throw wrong(`"backend_type" must be one of ${backendTypes.join(', ')}`)
  return type
}

function configOf(fields: Fields): BackendConfig {
  const config = fields.get('config')
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw wrong('"config" must have fields')
  }
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, String(value)]))
}

function wrong(message: string): AppError {
  return new AppError('INVALID_INPUT', `routing bootstrap file: ${message}`)
}
