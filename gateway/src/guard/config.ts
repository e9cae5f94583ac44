import { AppError } from '@heirloom/errors'
import { integer, optional, type Env } from '@heirloom/subgraph'
import { defaultCosts, type CostLimits } from '../federation/operation-policy.js'
import { defaultHttpLimits, type HttpLimits } from '../http/http-limits.js'
import { defaultOperationLimits, type OperationLimits } from './operation-limits.js'
import { readOperationList, type PersistedOptions } from './persisted-operations.js'
import { defaultRates, type Rates } from './rate-limits.js'

// The limits as the environment names them. Each reader throws AppError INVALID_INPUT that names
// the variable.

export function readOperationLimits(env: Env): OperationLimits {
  const limits = defaultOperationLimits
  return {
    depth: integer(env, 'MAX_DEPTH', limits.depth),
    aliases: integer(env, 'MAX_ALIASES', limits.aliases),
    rootFields: integer(env, 'MAX_ROOT_FIELDS', limits.rootFields),
    fields: integer(env, 'MAX_FIELDS', limits.fields),
    directives: integer(env, 'MAX_DIRECTIVES', limits.directives),
    directivesPerNode: integer(env, 'MAX_DIRECTIVES_PER_NODE', limits.directivesPerNode),
  }
}

/** @param own defaults that differ from those of any supergraph */
export function readCostLimits(env: Env, own: Partial<CostLimits> = {}): CostLimits {
  const costs = { ...defaultCosts, ...own }
  return {
    maxCost: integer(env, 'MAX_COST', costs.maxCost),
    maxListSize: integer(env, 'MAX_LIST_SIZE', costs.maxListSize),
    defaultListSize: integer(env, 'DEFAULT_LIST_SIZE', costs.defaultListSize),
  }
}

export function readPersisted(env: Env): PersistedOptions {
  const mode = optional(env, 'PERSISTED_OPERATIONS', 'automatic')
  if (mode !== 'automatic' && mode !== 'listed' && mode !== 'off') {
    throw new AppError('INVALID_INPUT', 'PERSISTED_OPERATIONS must be automatic, listed or off')
  }
  const file = optional(env, 'PERSISTED_OPERATIONS_FILE', '')
  if (file === '' && mode === 'listed') {
    throw new AppError('INVALID_INPUT', 'set PERSISTED_OPERATIONS_FILE: nothing else is to run')
  }
  return { mode, list: file === '' ? new Map() : readOperationList(file) }
}

export function readHttpLimits(env: Env): HttpLimits {
  const limits = defaultHttpLimits
  return {
    maxBodyBytes: integer(env, 'MAX_BODY_BYTES', limits.maxBodyBytes),
    maxHeaderBytes: integer(env, 'MAX_HEADER_BYTES', limits.maxHeaderBytes),
    maxHeaders: integer(env, 'MAX_HEADERS', limits.maxHeaders),
    headersTimeoutMs: integer(env, 'HEADERS_TIMEOUT_MS', limits.headersTimeoutMs),
    requestTimeoutMs: integer(env, 'REQUEST_TIMEOUT_MS', limits.requestTimeoutMs),
  }
}

export function readRates(env: Env): Rates {
  const rates = defaultRates
  return {
    perAddress: integer(env, 'RATE_LIMIT_PER_ADDRESS', rates.perAddress),
    perUser: integer(env, 'RATE_LIMIT_PER_USER', rates.perUser),
    perTenant: integer(env, 'RATE_LIMIT_PER_TENANT', rates.perTenant),
    perOperation: integer(env, 'RATE_LIMIT_PER_OPERATION', rates.perOperation),
    costPerUser: integer(env, 'COST_LIMIT_PER_USER', rates.costPerUser),
    costPerTenant: integer(env, 'COST_LIMIT_PER_TENANT', rates.costPerTenant),
    windowSeconds: Math.max(1, integer(env, 'RATE_LIMIT_WINDOW_SECONDS', rates.windowSeconds)),
  }
}
