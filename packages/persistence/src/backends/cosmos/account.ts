import { AsyncLocalStorage } from 'node:async_hooks'
import type { Container, CosmosClient, OperationInput, PartitionKey } from '@azure/cosmos'
import { AppError } from '@heirloom/errors'
import { defaultAttemptTimeoutMs, type Attempt, type Call } from './calls.js'
import { containerDefinition } from './containers.js'
import { HttpFailure, isLost, status, statusCode, translate, type Where } from './errors.js'
import type { ContainerName } from './places.js'

export interface AccountSettings {
  readonly endpoint: string
  readonly database: string
  /** Of an emulator: one replica, no other regions, and it may say anything of its consistency. */
  readonly emulated: boolean
  /** The account's key, read anew for each client. */
  readonly key: () => Promise<string>
}

/** What one operation of a batch has come to. */
export interface BatchResult {
  readonly statusCode: number
  readonly eTag?: string
}

/**
 * One account, request by request.
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT, PAYLOAD_TOO_LARGE, INTERNAL, and untranslated what
 *   `passOn` picks
 */
export interface Account {
  readonly settings: AccountSettings
  readonly where: Where
  request<T>(
    attempt: (client: CosmosClient, options: Attempt) => Promise<T>,
    passOn?: (error: unknown) => boolean,
  ): Promise<T>
  /** With a container; one that is made on demand is made when a write finds it missing. */
  write<T>(
    name: ContainerName,
    attempt: (container: Container, options: Attempt) => Promise<T>,
    passOn: (error: unknown) => boolean,
  ): Promise<T>
  close(): Promise<void>
}

export function createAccount(
  settings: AccountSettings,
  call: Call,
  attemptTimeoutMs = defaultAttemptTimeoutMs,
): Account {
  const where = { account: settings.endpoint, database: settings.database }
  let opened: Promise<CosmosClient> | undefined

  function client(): Promise<CosmosClient> {
    if (opened !== undefined) return opened
    const opening = openClient(settings, attemptTimeoutMs)
    opened = opening
    opening.catch(() => {
      if (opened === opening) opened = undefined
    })
    return opening
  }

  async function close(): Promise<void> {
    const closing = opened
    opened = undefined
    await closing?.then(
      (one) => one.dispose(),
      () => undefined,
    )
  }

  async function request<T>(
    attempt: (client: CosmosClient, options: Attempt) => Promise<T>,
    passOn: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    try {
      return await call(async (options) => attempt(await client(), options))
    } catch (error) {
      if (passOn(error)) throw error
      // What replaces it reads the secret again.
      if (statusCode(error) === status.unauthorized) await close()
      throw translate(error, where)
    }
  }

  return {
    settings,
    where,
    request,
    write: (name, attempt, passOn) =>
      request(async (one, options) => {
        const database = one.database(settings.database)
        try {
          return await attempt(database.container(name.id), options)
        } catch (error) {
          if (!name.onDemand || !(error instanceof MissingContainer)) throw error
          await database.containers.createIfNotExists(containerDefinition(name.id), options)
          return await attempt(database.container(name.id), options)
        }
      }, passOn),
    close,
  }
}

/** A write that cannot fail for want of an item found its container missing. */
export class MissingContainer extends Error {
  override readonly name = 'MissingContainer'
  readonly code = status.notFound
}

interface Failure {
  error?: unknown
}

const batchFailures = new AsyncLocalStorage<Failure>()

/**
 * All or nothing. Where the SDK reports no more than the message of a failure, what the HTTP client
 * saw is thrown in its place, because whether to try again, and when, is in its status.
 */
export async function batch(
  container: Container,
  operations: OperationInput[],
  pk: PartitionKey,
  { abortSignal }: Attempt,
): Promise<readonly BatchResult[]> {
  const failure: Failure = {}
  return batchFailures.run(failure, async () => {
    try {
      const { result } = await container.items.batch(operations, pk, { abortSignal })
      return result ?? []
    } catch (error) {
      throw failure.error ?? error
    }
  })
}

async function openClient(
  { endpoint, emulated, key }: AccountSettings,
  attemptTimeoutMs: number,
): Promise<CosmosClient> {
  const [{ CosmosClient }, { createDefaultHttpClient }] = await Promise.all([
    import('@azure/cosmos'),
    import('@azure/core-rest-pipeline'),
  ])
  const http = createDefaultHttpClient()
  const client = new CosmosClient({
    endpoint,
    key: await key(),
    connectionPolicy: {
      enableEndpointDiscovery: !emulated,
      requestTimeout: attemptTimeoutMs,
      retryOptions: {
        maxRetryAttemptCount: 0,
        fixedRetryIntervalInMilliseconds: 0,
        maxWaitTimeInSeconds: 0,
      },
    },
    httpClient: {
      sendRequest: async (request) => {
        const failure = batchFailures.getStore()
        try {
          const response = await http.sendRequest(request)
          if (failure !== undefined && response.status >= status.badRequest) {
            const wait = Number(response.headers.get('x-ms-retry-after-ms') ?? Number.NaN)
            failure.error = new HttpFailure(
              response.status,
              Number.isFinite(wait) ? wait : undefined,
              response.bodyAsText ?? '',
            )
          }
          return response
        } catch (error) {
          const lost = isLost(error) ? new Lost(error) : error
          if (failure !== undefined) failure.error = lost
          throw lost
        }
      },
    },
  })
  if (emulated) return client
  try {
    const { resource } = await client.getDatabaseAccount()
    checkConsistency(resource?.consistencyPolicy)
    return client
  } catch (error) {
    client.dispose()
    throw error
  }
}

/**
 * A connection that was lost, under a name for which the SDK has no repetitions: it would wait a
 * second before each. Where there are other regions to turn to, its own errors are left to it.
 */
class Lost extends Error {
  override readonly name = 'Lost'
  constructor(cause: unknown) {
    super('the connection was lost', { cause })
  }
}

/** With these, a read sees every write that was acknowledged before it, by any process. */
const strongEnough: readonly string[] = ['Strong', 'BoundedStaleness']

/**
 * A client can ask for less than its account promises, and never for more.
 * @throws AppError BACKEND_UNAVAILABLE
 */
export function checkConsistency(policy: string | undefined): void {
  if (policy !== undefined && strongEnough.includes(policy)) return
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `the Cosmos account has the default consistency ${policy ?? '(unknown)'}: records need Strong, ` +
      'or BoundedStaleness with reads in the region that is written to',
  )
}
