/**
 * RecordTable on Azure Cosmos DB for NoSQL: a record is an item of a container whose partition key
 * is /pk.
 *
 *   pk          the native partition key: (tenant, pk) composed by the store's layout
 *               (ports/key-layout.ts), `{tenant}#{pk}` where it declares none
 *   id          the sort key, or what the layout makes of it, escaped (see below)
 *   sk          the sort key, what queries order by; other than ASCII is escaped so that its order
 *               is that of its UTF-8, whatever the service takes for the order of texts
 *   tenant_id   whose record it is; a condition of every query, compared on every read
 *   record_pk   the partition key as the store gives it; the same
 *   place       a digest of all three, which scans order by
 *   value       the value
 *   nonce       random, made by the writer, who recognises his own write by it
 *   expires_at  milliseconds since 1970; what reads and expectations go by
 *   ttl         whole seconds from the write on; what the service deletes by
 *   …           the fields that the layout names, copied out of the value for indexes
 *
 * An id cannot have `/`, `\`, `?` or `#`: the service would create such an item, and never find it
 * again (the address of a read, replace or delete ends there, and its signature is refused; the SDK
 * refuses `#` before that). Percent signs, spaces and what is not ASCII fail in some gateway or
 * other too. So everything but letters, digits and `. _ : @ = -` is written as `~` and two
 * hexadecimal digits: the layout's `ts#{message_id}` is the id `ts~23{message_id}`, and reads
 * `ts#…` in sk. That is reversible; an id of more than 1,023 bytes becomes a digest.
 *
 * The version is the etag, new with every write, and the expiry. One write is one request (create,
 * upsert, or replace and delete with If-Match), several are a transactional batch, all or nothing
 * within a partition key (writes.ts). Throttling (429) is waited out for as long as the service
 * asks, within bounds (calls.ts). What is too large is refused before it is sent.
 *
 * Reads see what was acknowledged before them only if the account's consistency is Strong, or
 * BoundedStaleness in the region that is written to: any other account is refused. Pages are
 * queries, which are no snapshots: hence `pages: 'records'`. There are no wake-ups: the change feed
 * has to be asked for too, and its charge is that of a poll.
 *
 * Not given: more than one request of 2 MB, and 20 GB in a partition.
 */
import { AppError } from '@heirloom/errors'
import type { Backend, OpenBackend } from '../backend.js'
import type { BackendConfig, ConfigSpec } from '../config-spec.js'
import { createAccount, type AccountSettings } from './account.js'
import { createCalls, type CallTiming } from './calls.js'
import { createCosmosRecordTable } from './cosmos-record-table.js'
import { createPlaces } from './places.js'
import { provision } from './provision.js'
import { scan } from './scan.js'

export interface CosmosEnvironment {
  /**
   * The endpoints that a route may name besides those of Azure, all of them emulators. A route is
   * written by people of a tenant, and must not send this process wherever they like.
   */
  readonly cosmosEndpoints?: readonly string[]
  /** The secret behind `secret:NAME`, asked for by NAME whenever a key is due. */
  readonly secrets?: (name: string) => Promise<string>
  readonly now?: () => number
}

const configSpec: ConfigSpec = {
  /** The account's endpoint, or its name alone in `account`. */
  endpoint: { required: false },
  account: { required: false },
  key: { required: true, secret: true },
  database: { required: true },
  /** `records` unless given. */
  container: { required: false },
  /** `/pk`, if it is given at all. */
  partition_key: { required: false },
}

const accountPattern = /^[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$/
// The public cloud, and those of China and of the United States' government.
const azurePattern =
  /^https:\/\/[a-z0-9][a-z0-9-]{1,64}\.documents\.azure\.(?:com|cn|us)(?::443)?\/?$/
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export function createCosmosBackend(
  environment: CosmosEnvironment,
  timing: CallTiming = {},
): Backend {
  const now = environment.now ?? Date.now
  return {
    type: 'cosmos',
    configSpec,
    open: (config) => {
      const emulators = environment.cosmosEndpoints ?? []
      const endpoint = endpointOf(config, emulators)
      const database = matching(namePattern, config, 'database')
      const container = matching(namePattern, config, 'container', 'records')
      if ((config['partition_key'] ?? '/pk') !== '/pk') {
        throw new AppError('INVALID_INPUT', 'the config field "partition_key" can only be /pk')
      }
      const settings: AccountSettings = {
        endpoint,
        database,
        emulated: emulators.includes(endpoint),
        key: keyOf(config, environment.secrets),
      }
      return openCosmos(settings, container, timing, now)
    },
  }
}

function openCosmos(
  settings: AccountSettings,
  container: string,
  timing: CallTiming,
  now: () => number,
): OpenBackend {
  const account = createAccount(settings, createCalls(timing), timing.attemptTimeoutMs)
  return {
    records: {
      for: (tenant, layout) => {
        const places = createPlaces(container, tenant, layout)
        return createCosmosRecordTable(account, places, tenant, layout, now)
      },
      scan: (range, layout) => scan(account, container, range, layout, now()),
    },
    ping: async () => {
      await account.request((client, { abortSignal }) =>
        client.database(settings.database).container(container).read({ abortSignal }),
      )
    },
    provision: (needs) => provision(account, container, needs),
    close: () => account.close(),
  }
}

function endpointOf(config: BackendConfig, emulators: readonly string[]): string {
  const { endpoint, account } = config
  if ((endpoint === undefined) === (account === undefined)) {
    throw new AppError('INVALID_INPUT', 'give the endpoint of a Cosmos account, or its name')
  }
  if (endpoint === undefined) {
    return `https://${matching(accountPattern, config, 'account')}.documents.azure.com:443/`
  }
  if (emulators.includes(endpoint) || azurePattern.test(endpoint)) return endpoint
  throw new AppError('INVALID_INPUT', 'the config field "endpoint" is no endpoint of Cosmos')
}

function matching(pattern: RegExp, config: BackendConfig, field: string, otherwise = ''): string {
  const value = config[field] ?? otherwise
  if (pattern.test(value)) return value
  throw new AppError('INVALID_INPUT', `the config field "${field}" is no ${field} of Cosmos`)
}

function keyOf(
  config: BackendConfig,
  secrets: CosmosEnvironment['secrets'],
): AccountSettings['key'] {
  const name = (config['key'] ?? '').replace(/^secret:/, '')
  if (secrets === undefined) {
    throw new AppError('INVALID_INPUT', 'this process was given no secrets, and so no key')
  }
  return () => secrets(name)
}
