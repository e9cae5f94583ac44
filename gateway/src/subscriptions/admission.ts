import { AppError } from '@heirloom/errors'
import type { Asker } from '../federation/subgraph-request.js'

export interface ConnectionLimits {
  /** WebSockets and event streams, each of which counts as one. */
  readonly connectionsPerUser: number
  readonly connectionsPerTenant: number
  /** Operations that run at once on a socket, subscriptions among them. */
  readonly operationsPerSocket: number
  readonly subscriptionsPerUser: number
  readonly subscriptionsPerTenant: number
}

export const connectionLimits: ConnectionLimits = {
  connectionsPerUser: 100,
  connectionsPerTenant: 20_000,
  operationsPerSocket: 100,
  subscriptionsPerUser: 1_000,
  subscriptionsPerTenant: 50_000,
}

type Who = Asker['who']

/**
 * Counts what is open in this process. What is returned gives back what was taken. Somebody of
 * whom it is not known who they are is not counted.
 */
export interface Admission {
  /** @throws AppError RATE_LIMITED */
  connect(who: Who): () => void
  /** @throws AppError RATE_LIMITED */
  subscribe(who: Who): () => void
}

export function createAdmission(limits: ConnectionLimits): Admission {
  const perUser = 'this user'
  const perTenant = 'this tenant'
  return {
    connect: limited('connections', [
      [perUser, limits.connectionsPerUser, userOf],
      [perTenant, limits.connectionsPerTenant, tenantOf],
    ]),
    subscribe: limited('subscriptions', [
      [perUser, limits.subscriptionsPerUser, userOf],
      [perTenant, limits.subscriptionsPerTenant, tenantOf],
    ]),
  }
}

type Scope = readonly [whose: string, limit: number, key: (who: NonNullable<Who>) => string]

function limited(what: string, scopes: readonly Scope[]): (who: Who) => () => void {
  const counts = new Map<string, number>()

  function release(key: string): void {
    const left = (counts.get(key) ?? 1) - 1
    if (left === 0) counts.delete(key)
    else counts.set(key, left)
  }

  return (who) => {
    if (who === undefined) return () => undefined
    const keys = scopes.map(([, , key]) => key(who))
    for (const [index, [whose, limit]] of scopes.entries()) {
      if ((counts.get(keys[index] ?? '') ?? 0) < limit) continue
      throw new AppError('RATE_LIMITED', `too many ${what} of ${whose}; the limit is ${limit}`, {
        details: { limit },
      })
    }
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      for (const key of keys) release(key)
    }
  }
}

const tenantOf = ({ tenant }: NonNullable<Who>): string => tenant
const userOf = ({ user }: NonNullable<Who>): string => user
