/**
 * Which actions need a strategy lock, on one surface or on all (`global`), over a RecordTable
 * (keys: layouts/strategy-policy.ts). The action `*` stands for every action that has no policy of
 * its own there.
 */
import { AppError } from '@heirloom/errors'
import { strategyPolicyLayout } from '../layouts/strategy-policy.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable, TableRecord } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { identifier, invalid, oneOf, optionalIdentifier, truth, wholeNumber } from './input.js'
import {
  dateField,
  numberField,
  optionalTextField,
  textField,
  truthField,
} from './record-fields.js'
import { readPage, type Page, type PageRequest } from './record-page.js'
import { everySurface, surfacePart } from './surface.js'

/** Who releases the lock. */
export const approverPolicies = [
  'none',
  'any_owner',
  'any_editor',
  'two_people',
  'operator',
] as const
export type ApproverPolicy = (typeof approverPolicies)[number]

/** What happens to an action that the policy does not let through. */
export const defaultBehaviors = ['allow', 'ask', 'deny'] as const
export type DefaultBehavior = (typeof defaultBehaviors)[number]

export interface NewStrategyPolicy {
  /** Null: every surface. */
  readonly surfaceId: string | null
  /** `*` for every action that has no policy of its own. */
  readonly actionName: string
  readonly requiresLock: boolean
  /** The lock to hold; required when `requiresLock`. */
  readonly lockId?: string | null
  readonly approverPolicy: ApproverPolicy
  readonly defaultBehavior: DefaultBehavior
}

export interface StrategyPolicy extends NewStrategyPolicy {
  readonly lockId: string | null
  /** 1, 2, 3… with every change. */
  readonly revision: number
  readonly changedAt: Date
  readonly changedBy: string
}

export interface StrategyPolicyStore {
  /**
   * Sets a policy. Atomic: of several that expect the same revision exactly one succeeds.
   * `expectedRevision` is 0 for a policy that is not there yet; null overwrites.
   * @throws AppError STALE_REVISION with `details.expected` and `details.current`, INVALID_INPUT,
   *   TIMEOUT when too many writers contend
   */
  set(
    policy: NewStrategyPolicy,
    by: string,
    expectedRevision: number | null,
  ): Promise<StrategyPolicy>

  /** Of just this surface and action. */
  get(surfaceId: string | null, actionName: string): Promise<StrategyPolicy | null>

  /** Those of just this surface, by action. */
  list(surfaceId: string | null, page: PageRequest): Promise<Page<StrategyPolicy>>

  /** Resolves to whether there was one. Safe to repeat. */
  remove(surfaceId: string | null, actionName: string): Promise<boolean>

  /**
   * The policy that holds: of the surface before of every surface, and on each the action's own
   * before `*`. Null when there is none: nothing is assumed, so seed a tenant before asking.
   */
  find(surfaceId: string | null, actionName: string): Promise<StrategyPolicy | null>

  /**
   * Adds the given policies, the defaults for every surface unless told otherwise, where there is
   * none yet. Safe to repeat: what was changed since is left alone. Resolves to those added. Not
   * atomic: interrupted, it is repeated.
   */
  seed(by: string, policies?: readonly NewStrategyPolicy[]): Promise<readonly StrategyPolicy[]>
}

export const strategyPolicyKeys = recordKeys(strategyPolicyLayout.records.policy)
const keys = strategyPolicyKeys

export const everyAction = '*'

/** For every surface: what is out of the ordinary takes a lock, and what nobody thought of is asked. */
export const defaultStrategyPolicies: readonly NewStrategyPolicy[] = [
  {
    surfaceId: null,
    actionName: everyAction,
    requiresLock: false,
    approverPolicy: 'none',
    defaultBehavior: 'ask',
  },
  {
    surfaceId: null,
    actionName: 'publish',
    requiresLock: true,
    lockId: 'publish',
    approverPolicy: 'any_editor',
    defaultBehavior: 'ask',
  },
  {
    surfaceId: null,
    actionName: 'delete',
    requiresLock: true,
    lockId: 'delete',
    approverPolicy: 'any_owner',
    defaultBehavior: 'deny',
  },
  {
    surfaceId: null,
    actionName: 'spend',
    requiresLock: true,
    lockId: 'spend',
    approverPolicy: 'any_owner',
    defaultBehavior: 'deny',
  },
]

export function createStrategyPolicyStore(
  table: RecordTable,
  options: StoreOptions = {},
): StrategyPolicyStore {
  const now = options.now ?? Date.now
  const pk = keys.pk({})

  async function get(surfaceId: string | null, actionName: string): Promise<StrategyPolicy | null> {
    const record = await table.get(pk, policySk(surfaceId, actionName))
    return record === null ? null : readPolicy(record)
  }

  /** Null when the policy is not as it was expected, and `expected` says what it is instead. */
  async function trySet(
    given: NewStrategyPolicy,
    by: string,
    found: TableRecord | null,
  ): Promise<StrategyPolicy | null> {
    const policy: StrategyPolicy = {
      ...checkPolicy(given),
      revision: (found === null ? 0 : readPolicy(found).revision) + 1,
      changedAt: new Date(now()),
      changedBy: identifier(by, 'the actor'),
    }
    const sk = policySk(policy.surfaceId, policy.actionName)
    const expect = found === null ? 'absent' : { version: found.version }
    const value = writePolicy(policy)
    return (await tryTransact(table, pk, [{ op: 'put', sk, value, expect }])) ? policy : null
  }

  return {
    set: async (given, by, expectedRevision) => {
      const { surfaceId, actionName } = given
      return untilWritten('this policy', options.random, async () => {
        const found = await table.get(pk, policySk(surfaceId, actionName))
        const current = found === null ? 0 : readPolicy(found).revision
        if (expectedRevision !== null) {
          wholeNumber(expectedRevision, 'the revision', 0, Number.MAX_SAFE_INTEGER)
          if (expectedRevision !== current) throw stale(expectedRevision, current)
        }
        return trySet(given, by, found)
      })
    },
    get,
    list: async (surfaceId, page) => {
      const prefix = keys.prefix({ surface_id: surfacePart(surfaceId) })
      return readPage(table, pk, { prefix }, page, readPolicy)
    },
    remove: async (surfaceId, actionName) => {
      const sk = policySk(surfaceId, actionName)
      return untilWritten('this policy', options.random, async () => {
        const found = await table.get(pk, sk)
        if (found === null) return { removed: false }
        const expect = { version: found.version }
        return (await tryTransact(table, pk, [{ op: 'delete', sk, expect }]))
          ? { removed: true }
          : null
      }).then(({ removed }) => removed)
    },
    find: async (surfaceId, actionName) => {
      const surfaces = surfaceId === null ? [null] : [surfaceId, null]
      const places = surfaces.flatMap((surface) => [
        get(surface, actionName),
        get(surface, everyAction),
      ])
      return (await Promise.all(places)).find((policy) => policy !== null) ?? null
    },
    seed: async (by, policies = defaultStrategyPolicies) => {
      const added: StrategyPolicy[] = []
      for (const policy of policies) {
        const set = await trySet(policy, by, null)
        if (set !== null) added.push(set)
      }
      return added
    },
  }
}

function checkPolicy(
  given: NewStrategyPolicy,
): Omit<StrategyPolicy, 'revision' | 'changedAt' | 'changedBy'> {
  const requiresLock = truth(given.requiresLock, 'requiresLock')
  const lockId = optionalIdentifier(given.lockId, 'the lock id')
  if (requiresLock && lockId === null) throw invalid('a policy that requires a lock names it')
  return {
    surfaceId: given.surfaceId,
    actionName: identifier(given.actionName, 'the action name'),
    requiresLock,
    lockId,
    approverPolicy: oneOf(approverPolicies, given.approverPolicy, 'the approver policy'),
    defaultBehavior: oneOf(defaultBehaviors, given.defaultBehavior, 'the default behavior'),
  }
}

function policySk(surfaceId: string | null, actionName: string): string {
  return keys.sk({
    surface_id: surfacePart(surfaceId),
    action_name: identifier(actionName, 'the action name'),
  })
}

function writePolicy(policy: StrategyPolicy): JsonObject {
  return {
    surface_id: policy.surfaceId ?? everySurface,
    action_name: policy.actionName,
    requires_lock: policy.requiresLock,
    lock_id: policy.lockId,
    approver_policy: policy.approverPolicy,
    default_behavior: policy.defaultBehavior,
    revision: policy.revision,
    changed_at: policy.changedAt.toISOString(),
    changed_by: policy.changedBy,
  }
}

function readPolicy({ value }: TableRecord): StrategyPolicy {
  const surface = textField(value, 'surface_id')
  return {
    surfaceId: surface === everySurface ? null : surface,
    actionName: textField(value, 'action_name'),
    requiresLock: truthField(value, 'requires_lock'),
    lockId: optionalTextField(value, 'lock_id'),
    approverPolicy: oneOf(approverPolicies, textField(value, 'approver_policy'), 'the approvers'),
    defaultBehavior: oneOf(defaultBehaviors, textField(value, 'default_behavior'), 'the behavior'),
    revision: numberField(value, 'revision'),
    changedAt: dateField(value, 'changed_at'),
    changedBy: textField(value, 'changed_by'),
  }
}

function stale(expected: number, current: number): AppError {
  return new AppError('STALE_REVISION', 'the policy changed since it was read', {
    details: { expected, current },
  })
}
