import { print } from 'graphql'
import { createLocalJWKSet, exportJWK, generateKeyPair } from 'jose'
import { AppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import {
  createInternalTokenVerifier,
  mintInternalToken,
  tenantId,
  type ActorId,
  type TenantContext,
} from '@heirloom/tenancy'
import type { RequestContext } from '../request-context.js'
import { createSubgraphServer, type SubgraphServer } from '../server.js'
import { announceStart } from '../start-cursor.js'
import type { BatchSource } from '../text-results.js'

const typeDefs = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  scalar DateTime
  type Query {
    whoami: String!
    double(of: Int!): Int!
    broken: String
    refused: String
    away: String!
  }
  type Subscription {
    count(to: Int!): Int!
    endless: Int!
    many(count: Int!): Int!
  }
`

/** How many sources of `endless` and `many` were given back. */
export const released = { count: 0 }

/** The source of `many` that was opened last, and how many batches were taken of it. */
export const many: { source: BatchSource | undefined; batches: number } = {
  source: undefined,
  batches: 0,
}

/** Numbers in batches, and then nothing more until it is closed; at 13 it fails. */
function countInBatches(count: number): BatchSource & AsyncIterable<unknown> {
  let next = 1
  let end: ((end: undefined) => void) | undefined
  let closed = false
  const source: BatchSource & AsyncIterable<unknown> = {
    nextBatch: async (max) => {
      if (closed) return undefined
      if (next > 13) throw new AppError('CONSUMER_TOO_SLOW', 'read faster')
      if (next > count) return new Promise((resolve) => (end = resolve))
      const batch = Array.from({ length: Math.min(max, 5, count - next + 1) }, (_, n) => next + n)
      next += batch.length
      many.batches += 1
      return batch
    },
    onEnd: undefined,
    close: () => {
      closed = true
      released.count += 1
      end?.(undefined)
    },
    [Symbol.asyncIterator]: () => {
      throw new Error('taken one by one')
    },
  }
  many.source = source
  return source
}

const resolvers = {
  Query: {
    whoami: (_parent: unknown, _args: unknown, { tenant }: RequestContext) => tenant.actor.id,
    double: (_parent: unknown, { of }: { of: number }) => of * 2,
    broken: () => {
      throw new Error('the password is hunter2')
    },
    refused: () => {
      throw new AppError('CONFLICT', 'not like this', { details: { field: 'refused' } })
    },
    away: () => {
      throw new AppError('BACKEND_UNAVAILABLE', 'the database cannot be reached')
    },
  },
  Subscription: {
    count: {
      async *subscribe(_parent: unknown, { to }: { to: number }) {
        for (let count = 1; count <= to; count += 1) yield { count }
        if (to === 3) throw new AppError('CONSUMER_TOO_SLOW', 'read faster')
        if (to === 4) throw new Error('the password is hunter2')
      },
    },
    many: {
      subscribe: (_parent: unknown, { count }: { count: number }, context: RequestContext) => {
        announceStart(context, 'c0')
        return countInBatches(count)
      },
    },
    endless: {
      subscribe: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => undefined),
          return: async () => {
            released.count += 1
            return { done: true, value: undefined }
          },
        }),
      }),
    },
  },
}

const tenant: TenantContext = {
  tenantId: tenantId('smith'),
  mode: 'saas',
  actor: { kind: 'user', id: 'ada' as ActorId },
  roles: ['viewer'],
  requestId: 'request-1',
}

export interface ExampleSubgraph {
  readonly server: SubgraphServer
  readonly url: string
  readonly token: string
  readonly expired: string
  /** What was logged at warn and above. */
  readonly log: Record<string, unknown>[]
}

/** A subgraph with one field for each thing that can go wrong, on a port of its own. */
export async function startExampleSubgraph(ready?: () => Promise<void>): Promise<ExampleSubgraph> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] })
  const signing = { kid: 'k', privateKey }
  const log: Record<string, unknown>[] = []
  const server = createSubgraphServer({
    name: 'example',
    typeDefs,
    resolvers,
    verify: createInternalTokenVerifier(keys, 'example'),
    context: (request) => request,
    logger: recording(log),
    resultTexts: ({ document }) =>
      print(document).includes('many') ? (n) => `{"data":{"many":${String(n)}}}` : undefined,
    ...(ready === undefined ? {} : { ready }),
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  const hourAgo = (): number => Date.now() - 3_600_000
  return {
    server,
    url,
    token: await mintInternalToken(signing, 'example', tenant),
    expired: await mintInternalToken(signing, 'example', tenant, hourAgo),
    log,
  }
}

function recording(log: Record<string, unknown>[]): Logger {
  const record = (fields: Record<string, unknown>): void => void log.push(fields)
  return { warn: record, error: record } as unknown as Logger
}
