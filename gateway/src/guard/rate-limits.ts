import { AppError } from '@heirloom/errors'
import type { Asker } from '../federation/subgraph-request.js'
import { networkOf } from '../http/network-of.js'
import type { SourceOf, WithSource } from '../http/request-source.js'
import type { BudgetStoreOptions } from './budget-store.js'
import { LeasedBudget, type BudgetStore, type Taken } from './leased-budget.js'

export type { Taken } from './leased-budget.js'

/** Per window; 0 is no limit. */
export interface Rates {
  /** Requests and socket operations from one address, whoever sends them. */
  readonly perAddress: number
  readonly perUser: number
  readonly perTenant: number
  /** Of one operation by one user. */
  readonly perOperation: number
  /** Points of estimated cost. */
  readonly costPerUser: number
  readonly costPerTenant: number
  readonly windowSeconds: number
}

export const defaultRates: Rates = {
  perAddress: 60_000,
  perUser: 12_000,
  perTenant: 60_000,
  perOperation: 6_000,
  costPerUser: 1_000_000,
  costPerTenant: 10_000_000,
  windowSeconds: 60,
}

type Who = Asker['who']

/** An operation that is about to run. */
export interface Charged {
  /** Equal for the same operation. */
  readonly id: string
  readonly cost: number
}

/**
 * How often somebody may ask. Each refuses with RATE_LIMITED, at once or by rejecting. Somebody of
 * whom it is not known who they are is counted by address alone.
 */
export interface RateLimits {
  addressOf(request: WithSource): string
  /** Before it is known who asks. */
  arrived(address: string): Taken
  /** Before what they ask is read. */
  asked(who: Who): Taken
  /** Before anything is sent for them. */
  charged(who: Who, operation: Charged): Taken
}

export const noRateLimits: RateLimits = {
  addressOf: () => '',
  arrived: () => undefined,
  asked: () => undefined,
  charged: () => undefined,
}

export interface RateLimitDeps {
  readonly rates: Rates
  readonly sourceOf: SourceOf
  readonly createStore: (options: BudgetStoreOptions) => BudgetStore
  readonly now: () => number
}

export function createRateLimits(deps: RateLimitDeps): RateLimits {
  const { rates } = deps
  const address = budget('address', rates.perAddress)
  const user = budget('user', rates.perUser)
  const tenant = budget('tenant', rates.perTenant)
  const operation = budget('operation', rates.perOperation)
  const userCost = budget('user-cost', rates.costPerUser)
  const tenantCost = budget('tenant-cost', rates.costPerTenant)

  function budget(name: string, limit: number): LeasedBudget | undefined {
    const { windowSeconds } = rates
    if (limit === 0) return undefined
    return new LeasedBudget({
      limit,
      windowMs: windowSeconds * 1_000,
      store: deps.createStore({ name, limit, windowSeconds }),
      now: deps.now,
      refusal: (retryAfterMs) => limited({ name, limit, windowSeconds, retryAfterMs }),
    })
  }

  return {
    addressOf: (request) => networkOf(deps.sourceOf(request).ip ?? ''),
    arrived: (from) => address?.take(from),
    // The narrower first: what a user is refused is not taken from the tenant's other users.
    asked: (who) => {
      if (who === undefined) return undefined
      return inTurn([() => user?.take(who.user), () => tenant?.take(who.tenant)])
    },
    charged: (who, { id, cost }) => {
      if (who === undefined) return undefined
      return inTurn([
        () => operation?.take(`${who.user} ${id}`),
        () => userCost?.take(who.user, cost),
        () => tenantCost?.take(who.tenant, cost),
      ])
    },
  }
}

function inTurn(takes: readonly (() => Taken)[], from = 0): Taken {
  for (let at = from; at < takes.length; at += 1) {
    const taken = takes[at]?.()
    if (taken !== undefined) return taken.then(() => inTurn(takes, at + 1))
  }
  return undefined
}

interface Limited {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
  readonly retryAfterMs: number
}

function limited({ name, limit, windowSeconds, retryAfterMs }: Limited): AppError {
  const what = name.endsWith('-cost') ? 'points of cost' : 'requests'
  const whose = name.replace('-cost', '')
  const message = `too many ${what} of this ${whose}; the limit is ${limit} in ${windowSeconds} s`
  const details = {
    scope: name,
    limit,
    window_seconds: windowSeconds,
    retry_after_ms: Math.ceil(retryAfterMs),
  }
  return new AppError('RATE_LIMITED', message, { details })
}
