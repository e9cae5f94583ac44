import { AppError } from '@heirloom/errors'
import {
  createStorageFromConfig,
  type DocumentStore,
  type Storage,
  type TokenRevocationStore,
  type UserStore,
} from '@heirloom/persistence'
import type { Logger } from '@heirloom/telemetry'
import type { TenantId } from '@heirloom/tenancy'
import type { Secrets } from './secrets.js'

/** Each throws AppError BACKEND_UNAVAILABLE before the start. */
export interface OpenedStores {
  for(tenant: TenantId): DocumentStore
  usersOf(tenant: TenantId): UserStore
  revocationsOf(tenant: TenantId): TokenRevocationStore
}

/** Documents, users and revocations of a process, from its start to its stop. */
export interface OpenedDocuments extends OpenedStores {
  readonly name: string
  /** Opens the databases and ensures their indexes. @throws AppError BACKEND_UNAVAILABLE */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface DocumentsOptions {
  /** As in the file; texts `secret:NAME` and `connection:NAME` stand for what they name. */
  readonly config: unknown
  readonly postgresUrls: Readonly<Record<string, string>>
  readonly secrets: Secrets
  readonly logger: Logger
}

const purgeIntervalMs = 600_000
/** A process whose clock is behind may still go by what has just expired. */
const clockMarginMs = 3_600_000

export function createOpenedDocuments(options: DocumentsOptions): OpenedDocuments {
  const { config, logger } = options
  let storage: Storage | undefined
  let stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let purging: Promise<void> = Promise.resolve()

  function opened(): Storage {
    if (storage !== undefined) return storage
    throw new AppError('BACKEND_UNAVAILABLE', 'documents are not opened yet')
  }

  function planPurge(): void {
    timer = setTimeout(() => {
      purging = purge()
    }, purgeIntervalMs).unref()
  }

  async function purge(): Promise<void> {
    try {
      const before = new Date(Date.now() - clockMarginMs)
      const purged = (await storage?.purgeExpired(before, stopping.signal)) ?? 0
      if (purged > 0) logger.info({ purged }, 'deleted documents and tokens whose time was over')
    } catch (error) {
      logger.warn({ err: error }, 'cannot delete documents and tokens whose time is over')
    }
    if (!stopping.signal.aborted) planPurge()
  }

  return {
    name: 'documents',
    start: async () => {
      stopping = new AbortController()
      storage = await createStorageFromConfig(await resolved(config, options), {
        onShadowFailure: ({ error, ...about }) =>
          logger.warn({ err: error, ...about }, 'a shadow did not take a write; reconcile it'),
      })
      planPurge()
    },
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await purging
      await storage?.close()
      storage = undefined
    },
    for: (tenant) => opened().documents.for(tenant),
    usersOf: (tenant) => opened().users.for(tenant),
    revocationsOf: (tenant) => opened().revocations.for(tenant),
  }
}

/** Everything in one Postgres database that the process has anyway. */
export const defaultDocumentsConfig = {
  backends: { main: { type: 'postgres', url: 'connection:main' } },
  databases: {
    default: {
      document: { strategy: 'single', primary: 'main' },
      user: { strategy: 'single', primary: 'main' },
      revocation: { strategy: 'single', primary: 'main' },
    },
  },
} as const

const reference = /^(secret|connection):(.+)$/

async function resolved(value: unknown, options: DocumentsOptions): Promise<unknown> {
  if (typeof value === 'string') {
    const [, kind, name] = reference.exec(value) ?? []
    if (kind === undefined || name === undefined) return value
    if (kind === 'secret') return options.secrets(name)
    if (Object.hasOwn(options.postgresUrls, name)) return options.postgresUrls[name]
    throw new AppError('INVALID_INPUT', `this process was given no connection "${name}"`)
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolved(item, options)))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    async ([name, inner]) => [name, await resolved(inner, options)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}
