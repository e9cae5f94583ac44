/**
 * Which actions are dangerous, and who may do them, over a RecordTable (keys:
 * layouts/firearms-policy.ts): one partition per tenant, so that each change is one transact with
 * its copy for the lookup by firearm and its audit entry. A binding's key is its action, which
 * makes it unique per action. An expired grant is gone to the millisecond that the backend promises
 * (`capabilities.expiryPrecisionMs`), its copy with it.
 */
import { AppError } from '@heirloom/errors'
import { firearmsPolicyLayout } from '../layouts/firearms-policy.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable, TableRecord, Write } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import {
  readAudit,
  readBinding,
  readCopy,
  readGrant,
  writeAudit,
  writeBinding,
  writeCopy,
  writeGrant,
} from './firearms-policy-records.js'
import {
  firearmActorTypes,
  type ActionBinding,
  type FirearmActor,
  type FirearmGrant,
  type FirearmsAudit,
  type FirearmsPolicyStore,
  type NewActionBinding,
} from './firearms-policy-types.js'
import { expiry, identifier, oneOf, optionalText, truth, wholeNumber } from './input.js'
import { readPage } from './record-page.js'
import { timedId, timestampPart } from './timed-id.js'

const { records } = firearmsPolicyLayout
export const firearmsPolicyKeys = {
  binding: recordKeys(records.binding),
  grant: recordKeys(records.grant),
  boundFirearm: recordKeys(records.boundFirearm),
  grantedFirearm: recordKeys(records.grantedFirearm),
  audit: recordKeys(records.audit),
}
const keys = firearmsPolicyKeys

const maxNoteLength = 2_000

/** What a change comes to, for the audit and for the caller. */
interface Change<T> {
  readonly by: string
  readonly change: FirearmsAudit['change']
  readonly key: string
  readonly before: JsonObject | null
  readonly after: JsonObject | null
  readonly writes: readonly Write[]
  readonly result: T
}

export function createFirearmsPolicyStore(
  table: RecordTable,
  options: StoreOptions = {},
): FirearmsPolicyStore {
  const now = options.now ?? Date.now
  const pk = keys.binding.pk({})

  /** Plans the change from what is there until it can be written as planned. */
  async function change<T>(
    key: string,
    by: string,
    plan: (found: TableRecord | null) => Omit<Change<T>, 'by' | 'key' | 'before'> | { skip: T },
  ): Promise<T> {
    identifier(by, 'the actor')
    return untilWritten('this policy', options.random, async () => {
      const found = await table.get(pk, key)
      const planned = plan(found)
      if ('skip' in planned) return { done: planned.skip }
      const before = found?.value ?? null
      const audit = auditWrite({ ...planned, by, key, before }, now())
      const written = await tryTransact(table, pk, [...planned.writes, audit])
      return written ? { done: planned.result } : null
    }).then(({ done }) => done)
  }

  async function grantOf(actor: FirearmActor, firearmId: string): Promise<FirearmGrant | null> {
    const record = await table.get(pk, grantSk(actor, firearmId))
    return record === null ? null : readGrant(record.value)
  }

  async function binding(actionName: string): Promise<ActionBinding | null> {
    const record = await table.get(pk, bindingSk(actionName))
    return record === null ? null : readBinding(record.value)
  }

  return {
    bind: async (given, by) => {
      const checked = checkBinding(given, 1)
      const key = bindingSk(checked.actionName)
      return change(key, by, (found) => {
        if (found !== null) throw new AppError('CONFLICT', 'this action is bound already')
        const writes = bindingWrites(checked, null)
        return { change: 'bound', after: writeBinding(checked), writes, result: checked }
      })
    },

    rebind: async (given, expectedRevision, by) => {
      const expected = wholeNumber(expectedRevision, 'the revision', 1, Number.MAX_SAFE_INTEGER - 1)
      const checked = checkBinding(given, expected + 1)
      return change(bindingSk(checked.actionName), by, (found) => {
        if (found === null) throw new AppError('NOT_FOUND', 'this action is not bound')
        const { revision } = readBinding(found.value)
        if (revision !== expected) throw stale(expected, revision)
        const writes = bindingWrites(checked, found)
        return { change: 'rebound', after: writeBinding(checked), writes, result: checked }
      })
    },

    unbind: async (actionName, by) =>
      change<boolean>(bindingSk(actionName), by, (found) => {
        if (found === null) return { skip: false }
        const { firearmId } = readBinding(found.value)
        const writes: readonly Write[] = [
          { op: 'delete', sk: found.sk, expect: { version: found.version } },
          { op: 'delete', sk: boundFirearmSk(firearmId, actionName) },
        ]
        return { change: 'unbound', after: null, writes, result: true }
      }),

    binding,
    bindings: async (page) =>
      readPage(table, pk, { prefix: keys.binding.prefix({}) }, page, ({ value }) =>
        readBinding(value),
      ),
    bindingsOf: async (firearmId, page) => {
      const firearm_id = identifier(firearmId, 'the firearm id')
      const prefix = keys.boundFirearm.prefix({ firearm_id })
      return readPage(table, pk, { prefix }, page, ({ value }) => readBinding(readCopy(value)))
    },

    grant: async ({ reason, expiresAt, ...actor }, by) => {
      const granted: FirearmGrant = {
        ...checkActor(actor),
        firearmId: identifier(actor.firearmId, 'the firearm id'),
        reason: optionalText(reason, 'the reason', maxNoteLength),
        grantedBy: identifier(by, 'the actor'),
        grantedAt: new Date(now()),
        expiresAt: expiry(expiresAt, now(), 'the expiry'),
      }
      const value = writeGrant(granted)
      const key = grantSk(granted, granted.firearmId)
      return change(key, by, (found) => ({
        change: 'granted',
        after: value,
        writes: [
          {
            op: 'put',
            sk: key,
            value,
            expiresAt: granted.expiresAt,
            expect: found === null ? 'absent' : { version: found.version },
          },
          {
            op: 'put',
            sk: grantedFirearmSk(granted, granted.firearmId),
            value: writeCopy(value),
            expiresAt: granted.expiresAt,
          },
        ],
        result: granted,
      }))
    },

    revoke: async (actor, firearmId, by) =>
      change<boolean>(grantSk(actor, firearmId), by, (found) => {
        if (found === null) return { skip: false }
        const writes: readonly Write[] = [
          { op: 'delete', sk: found.sk, expect: { version: found.version } },
          { op: 'delete', sk: grantedFirearmSk(actor, firearmId) },
        ]
        return { change: 'revoked', after: null, writes, result: true }
      }),

    grantOf,
    grantsOf: async (actor, page) => {
      const { actorType, actorId } = checkActor(actor)
      const prefix = keys.grant.prefix({ actor_type: actorType, actor_id: actorId })
      return readPage(table, pk, { prefix }, page, ({ value }) => readGrant(value))
    },
    holdersOf: async (firearmId, page) => {
      const firearm_id = identifier(firearmId, 'the firearm id')
      const prefix = keys.grantedFirearm.prefix({ firearm_id })
      return readPage(table, pk, { prefix }, page, ({ value }) => readGrant(readCopy(value)))
    },

    decide: async (actionName, actor, holdsStrategyLock) => {
      const bound = await binding(actionName)
      if (bound === null) return { allowed: true, binding: null }
      if ((await grantOf(actor, bound.firearmId)) === null) {
        return { allowed: false, binding: bound, reason: 'NO_GRANT' }
      }
      if (bound.strategyLockRequired && !holdsStrategyLock) {
        return { allowed: false, binding: bound, reason: 'STRATEGY_LOCK_REQUIRED' }
      }
      return { allowed: true, binding: bound }
    },

    audit: async (page) => {
      const list = { prefix: keys.audit.prefix({}), order: 'descending' } as const
      return readPage(table, pk, list, page, ({ value }) => readAudit(value))
    },
  }
}

function bindingWrites(binding: ActionBinding, found: TableRecord | null): readonly Write[] {
  const value = writeBinding(binding)
  const sk = boundFirearmSk(binding.firearmId, binding.actionName)
  const before = found === null ? null : readBinding(found.value).firearmId
  const moved = before !== null && before !== binding.firearmId
  return [
    {
      op: 'put',
      sk: bindingSk(binding.actionName),
      value,
      expect: found === null ? 'absent' : { version: found.version },
    },
    { op: 'put', sk, value: writeCopy(value) },
    ...(moved ? [{ op: 'delete', sk: boundFirearmSk(before, binding.actionName) } as const] : []),
  ]
}

function auditWrite(change: Omit<Change<unknown>, 'writes' | 'result'>, timeMs: number): Write {
  const id = timedId(timeMs)
  const { by, key, before, after } = change
  const audit = { id, at: new Date(timeMs), by, change: change.change, key, before, after }
  const sk = keys.audit.sk({ ts: timestampPart(timeMs), audit_id: id })
  return { op: 'put', sk, value: writeAudit(audit), expect: 'absent' }
}

function checkBinding(given: NewActionBinding, revision: number): ActionBinding {
  return {
    actionName: identifier(given.actionName, 'the action name'),
    firearmId: identifier(given.firearmId, 'the firearm id'),
    strategyLockRequired: truth(given.strategyLockRequired, 'strategyLockRequired'),
    note: optionalText(given.note, 'the note', maxNoteLength),
    revision,
  }
}

function checkActor({ actorType, actorId }: FirearmActor): FirearmActor {
  return {
    actorType: oneOf(firearmActorTypes, actorType, 'the actor type'),
    actorId: identifier(actorId, 'the actor id'),
  }
}

function bindingSk(actionName: string): string {
  return keys.binding.sk({ action_name: identifier(actionName, 'the action name') })
}

function boundFirearmSk(firearmId: string, actionName: string): string {
  return keys.boundFirearm.sk({ firearm_id: firearmId, action_name: actionName })
}

function grantSk(actor: FirearmActor, firearmId: string): string {
  const { actorType, actorId } = checkActor(actor)
  const firearm_id = identifier(firearmId, 'the firearm id')
  return keys.grant.sk({ actor_type: actorType, actor_id: actorId, firearm_id })
}

function grantedFirearmSk({ actorType, actorId }: FirearmActor, firearmId: string): string {
  const values = { actor_type: actorType, actor_id: actorId, firearm_id: firearmId }
  return keys.grantedFirearm.sk(values)
}

function stale(expected: number, current: number): AppError {
  return new AppError('STALE_REVISION', 'the binding changed since it was read', {
    details: { expected, current },
  })
}
