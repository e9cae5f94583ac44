import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { AppError } from '@heirloom/errors'
import { optional, type Env } from '@heirloom/subgraph'

/** What this process lets the configs of routes refer to. Routes are written by tenants' owners. */
export interface BackendConfig {
  /** Addresses of databases by the names that routes give as `connection`; `main` is DATABASE_URL. */
  readonly postgresUrls: Readonly<Record<string, string>>
  readonly dynamoDbEndpoints: readonly string[]
  readonly firestoreEndpoints: readonly string[]
  readonly cosmosEndpoints: readonly string[]
  /** Undefined: routes to a filesystem cannot be opened, in lab mode neither. */
  readonly filesystemFolder: string | undefined
  /** The databases of documents, as in the file; null: all in `main`. */
  readonly documents: unknown
  /** Secrets by name, for routes that refer to them as `secret:NAME`. */
  readonly secrets: ReadonlyMap<string, string>
  /** A mounted folder with a file per secret, which may be replaced while the process runs. */
  readonly secretsFolder: string | undefined
}

const connectionPrefix = 'POSTGRES_URL_'
const secretPrefix = 'HEIRLOOM_SECRET_'
const connectionName = /^[A-Z][A-Z0-9_]{0,30}$/

/** @throws AppError INVALID_INPUT that names the variable, and repeats no value */
export function readBackendConfig(env: Env, databaseUrl: string): BackendConfig {
  const named = [...withPrefix(env, connectionPrefix)].map(([name, url]) => {
    if (!connectionName.test(name) || name === 'MAIN') {
      throw new AppError('INVALID_INPUT', `${connectionPrefix}${name} is no name of a connection`)
    }
    return [name.toLowerCase(), url] as const
  })
  return Object.freeze({
    postgresUrls: { main: databaseUrl, ...Object.fromEntries(named) },
    dynamoDbEndpoints: list(env, 'DYNAMODB_ENDPOINTS'),
    firestoreEndpoints: list(env, 'FIRESTORE_ENDPOINTS'),
    cosmosEndpoints: list(env, 'COSMOS_ENDPOINTS'),
    filesystemFolder: given(env, 'FILESYSTEM_FOLDER'),
    documents: readDocuments(env),
    secrets: withPrefix(env, secretPrefix),
    secretsFolder: given(env, 'SECRETS_DIR'),
  })
}

function readDocuments(env: Env): unknown {
  const file = given(env, 'DOCUMENTS_CONFIG_FILE')
  if (file === undefined) return null
  try {
    return parse(readFileSync(file, 'utf8')) as unknown
  } catch (cause) {
    throw new AppError('INVALID_INPUT', 'DOCUMENTS_CONFIG_FILE cannot be read', { cause })
  }
}

function withPrefix(env: Env, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith(prefix) && value !== undefined && value !== ''
        ? [[name.slice(prefix.length), value] as const]
        : [],
    ),
  )
}

function list(env: Env, name: string): readonly string[] {
  return optional(env, name, '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function given(env: Env, name: string): string | undefined {
  const value = optional(env, name, '')
  return value === '' ? undefined : value
}
