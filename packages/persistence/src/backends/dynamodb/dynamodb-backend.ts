/**
 * RecordTable on DynamoDB: one table for any number of tenants and stores, with string keys.
 *
 *   PK          the native partition key: (tenant, pk) composed by the store's layout
 *               (ports/key-layout.ts), `{tenant}#{pk}` where it declares none
 *   SK          the sort key as the store gives it; DynamoDB sorts strings by their UTF-8 too
 *   pk          the partition key as the store gives it, which a layout may have shortened above
 *   tenant_id   whose record it is
 *   version     a random UUID made by the writer, so that none returns for a key, not even after
 *               a delete, and a writer recognises its own write
 *   data        the value as JSON text: exact for every number, and its size is plain to see
 *   expires_at  milliseconds since 1970; what reads and expectations go by
 *   ttl         the same in whole seconds, rounded up; what DynamoDB deletes by, days late
 *   …           the fields that the layout names, copied out of the value for the vendor's indexes
 *
 * Isolation: the tenant is a part of every key that is asked for, and the tenant_id of what comes
 * back is compared, in the condition of every write too. So two layouts may share a table, whatever
 * the tenants are called.
 *
 * Reads are strongly consistent. One write is a PutItem or DeleteItem, several are one
 * TransactWriteItems (at most 100 items and 4 MB). What is too large is refused before it is sent.
 * A page is a Query, which is read-committed and no snapshot (developer guide, "Isolation levels"):
 * hence `pages: 'records'`. There are no wake-ups: DynamoDB Streams allows two readers per shard,
 * fewer than there are processes, so whoever waits polls.
 *
 * Not given: expired records keep their room, and a page's cost, until DynamoDB deletes them.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '../backend.js'
import type { BackendConfig, ConfigSpec } from '../config-spec.js'
import { createCalls, type CallTiming } from './calls.js'
import { createDynamoDbRecordTable } from './dynamodb-record-table.js'
import { provision } from './provision.js'
import { scan } from './scan.js'
import { pingTable, type Table } from './table.js'

export interface DynamoDbEnvironment {
  /**
   * The endpoints that a route may name besides AWS itself (an emulator, a VPC endpoint). A route
   * is written by people of a tenant, and must not send this process wherever they like.
   */
  readonly dynamoDbEndpoints?: readonly string[]
  /** The secret behind `secret:NAME`, asked for by NAME whenever credentials are due. */
  readonly secrets?: (name: string) => Promise<string>
  readonly now?: () => number
}

const configSpec: ConfigSpec = {
  table_name: { required: true },
  region: { required: true },
  endpoint: { required: false },
  /** Both or none; without them, what the process itself is given (the SDK's default chain). */
  access_key_id: { required: false, secret: true },
  secret_access_key: { required: false, secret: true },
}

// Both end up in a host name or a path, so nothing else may pass.
const tableNamePattern = /^[A-Za-z0-9_.-]{3,255}$/
const regionPattern = /^[a-z]{2}(-[a-z]{1,12}){1,3}-\d{1,2}$/

const connectTimeoutMs = 2_000
const secretsLifetimeMs = 5 * 60_000
/** AWS' client takes credentials for expired so long before they are, and asks for them anew. */
const renewedBeforeMs = 5 * 60_000

export function createDynamoDbBackend(
  environment: DynamoDbEnvironment,
  timing: CallTiming = {},
): Backend {
  const now = environment.now ?? Date.now
  return {
    type: 'dynamodb',
    configSpec,
    open: (config) => {
      const name = matching(tableNamePattern, config, 'table_name')
      const region = matching(regionPattern, config, 'region')
      const endpoint = allowedEndpoint(config, environment.dynamoDbEndpoints ?? [])
      const credentials = credentialsOf(config, environment.secrets)
      const client = new DynamoDBClient({
        region,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentials === undefined ? {} : { credentials }),
        // Repetitions are ours: only they know whether an earlier attempt may have written.
        maxAttempts: 1,
        requestHandler: {
          connectionTimeout: connectTimeoutMs,
          requestTimeout: timing.attemptTimeoutMs ?? 5_000,
          throwOnRequestTimeout: true,
        },
      })
      const call = createCalls({ table: name, region }, timing)
      return openTable({ client, name, region, endpoint, call }, now)
    },
  }
}

function openTable(table: Table, now: () => number): OpenBackend {
  return {
    records: {
      for: (tenant, layout) => createDynamoDbRecordTable(table, tenant, layout, now),
      scan: (range) => scan(table, range, now),
    },
    ping: () => pingTable(table),
    provision: (needs) => provision(table, needs),
    close: () => {
      table.client.destroy()
      return Promise.resolve()
    },
  }
}

function matching(pattern: RegExp, config: BackendConfig, field: string): string {
  const value = config[field] ?? ''
  if (pattern.test(value)) return value
  throw new AppError('INVALID_INPUT', `the config field "${field}" is no ${field} of AWS`)
}

function allowedEndpoint(config: BackendConfig, allowed: readonly string[]): string | undefined {
  const { endpoint } = config
  if (endpoint === undefined || allowed.includes(endpoint)) return endpoint
  throw new AppError(
    'INVALID_INPUT',
    'the config field "endpoint" is none that this process allows',
  )
}

type Credentials = () => Promise<{
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly expiration: Date
}>

function credentialsOf(
  config: BackendConfig,
  secrets: DynamoDbEnvironment['secrets'],
): Credentials | undefined {
  const { access_key_id: id, secret_access_key: key } = config
  if (id === undefined && key === undefined) return undefined
  if (id === undefined || key === undefined) {
    throw new AppError('INVALID_INPUT', 'give access_key_id and secret_access_key, or neither')
  }
  if (secrets === undefined) {
    throw new AppError('INVALID_INPUT', 'this process was given no secrets: leave credentials out')
  }
  return async () => {
    const [accessKeyId, secretAccessKey] = await Promise.all(
      [id, key].map((reference) => secrets(reference.replace(/^secret:/, ''))),
    )
    return {
      accessKeyId: accessKeyId ?? '',
      secretAccessKey: secretAccessKey ?? '',
      // So that a secret that was replaced is picked up without a restart.
      expiration: new Date(Date.now() + secretsLifetimeMs + renewedBeforeMs),
    }
  }
}
