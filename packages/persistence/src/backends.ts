import { AppError } from '@heirloom/errors'
import type { Backend, BackendType, OpenBackend } from './backends/backend.js'
import { createCircuitBreaker, guardedTable } from './backends/circuit-breaker.js'
import { redactConfig, type BackendConfig } from './backends/config-spec.js'
import { createCosmosBackend, type CosmosEnvironment } from './backends/cosmos/cosmos-backend.js'
import {
  createDynamoDbBackend,
  type DynamoDbEnvironment,
} from './backends/dynamodb/dynamodb-backend.js'
import {
  createFilesystemBackend,
  type FilesystemEnvironment,
} from './backends/filesystem/filesystem-backend.js'
import {
  createFirestoreBackend,
  type FirestoreEnvironment,
} from './backends/firestore/firestore-backend.js'
import {
  createPostgresBackend,
  type PostgresConnections,
} from './backends/postgres/postgres-backend.js'

/** What the process gives its backends: connections by the names that routes may use. */
export interface BackendEnvironment
  extends DynamoDbEnvironment, FirestoreEnvironment, CosmosEnvironment, FilesystemEnvironment {
  readonly postgresConnections: PostgresConnections
  readonly now?: () => number
}

/** One line per backend. */
export function createBackends(environment: BackendEnvironment): readonly Backend[] {
  return [
    createPostgresBackend(environment),
    createDynamoDbBackend(environment),
    createFirestoreBackend(environment),
    createCosmosBackend(environment),
    createFilesystemBackend(environment),
  ]
}

/** The backends of a process, each opened once per config and shared. */
export interface BackendPool {
  /** @throws AppError BACKEND_UNAVAILABLE for one that this build does not have */
  find(type: BackendType): Backend
  /** @throws AppError BACKEND_UNAVAILABLE, INVALID_INPUT */
  open(type: BackendType, config: BackendConfig): OpenBackend
  /** The config as it may be shown. */
  redact(type: BackendType, config: BackendConfig): BackendConfig
  close(): Promise<void>
}

export function createBackendPool(backends: readonly Backend[]): BackendPool {
  const opened = new Map<string, OpenBackend>()

  function find(type: BackendType): Backend {
    const backend = backends.find((candidate) => candidate.type === type)
    if (backend !== undefined) return backend
    throw new AppError('BACKEND_UNAVAILABLE', `the backend ${type} is not available in this build`)
  }

  return {
    find,
    open: (type, config) => {
      const key = JSON.stringify([type, Object.entries(config).sort(byName)])
      const known = opened.get(key)
      if (known !== undefined) return known
      const open = guarded(type, find(type).open(config))
      opened.set(key, open)
      return open
    },
    redact: (type, config) =>
      redactConfig(backends.find((backend) => backend.type === type)?.configSpec, config),
    close: async () => {
      const all = [...opened.values()]
      opened.clear()
      await Promise.all(all.map((backend) => backend.close()))
    },
  }
}

/** Moving data, and looks at whether it is back, do their own waiting. */
function guarded(type: BackendType, backend: OpenBackend): OpenBackend {
  const { records } = backend
  const breaker = createCircuitBreaker(type)
  return {
    ...backend,
    records: {
      for: (tenant, layout) => guardedTable(records.for(tenant, layout), breaker),
      scan: (range, layout) => records.scan(range, layout),
    },
  }
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}
