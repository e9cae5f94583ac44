import type { JsonObject } from '../ports/record-table.js'
import {
  firearmActorTypes,
  type ActionBinding,
  type FirearmGrant,
  type FirearmsAudit,
} from './firearms-policy-types.js'
import { oneOf } from './input.js'
import {
  dateField,
  numberField,
  objectField,
  optionalDateField,
  optionalTextField,
  textField,
  truthField,
} from './record-fields.js'

export function writeBinding(binding: ActionBinding): JsonObject {
  return {
    action_name: binding.actionName,
    firearm_id: binding.firearmId,
    strategy_lock_required: binding.strategyLockRequired,
    note: binding.note,
    revision: binding.revision,
  }
}

export function readBinding(value: JsonObject): ActionBinding {
  return {
    actionName: textField(value, 'action_name'),
    firearmId: textField(value, 'firearm_id'),
    strategyLockRequired: truthField(value, 'strategy_lock_required'),
    note: optionalTextField(value, 'note'),
    revision: numberField(value, 'revision'),
  }
}

export function writeGrant(grant: FirearmGrant): JsonObject {
  return {
    actor_type: grant.actorType,
    actor_id: grant.actorId,
    firearm_id: grant.firearmId,
    reason: grant.reason,
    granted_by: grant.grantedBy,
    granted_at: grant.grantedAt.toISOString(),
    expires_on: grant.expiresAt?.toISOString() ?? null,
  }
}

export function readGrant(value: JsonObject): FirearmGrant {
  return {
    actorType: oneOf(firearmActorTypes, textField(value, 'actor_type'), 'the actor type'),
    actorId: textField(value, 'actor_id'),
    firearmId: textField(value, 'firearm_id'),
    reason: optionalTextField(value, 'reason'),
    grantedBy: textField(value, 'granted_by'),
    grantedAt: dateField(value, 'granted_at'),
    expiresAt: optionalDateField(value, 'expires_on'),
  }
}

/** Under `copy`, so that the vendor's index by firearm finds each record once. */
export function writeCopy(value: JsonObject): JsonObject {
  return { copy: value }
}

export function readCopy(value: JsonObject): JsonObject {
  return objectField(value, 'copy')
}

const changes = ['bound', 'rebound', 'unbound', 'granted', 'revoked'] as const

export function writeAudit(audit: FirearmsAudit): JsonObject {
  return {
    audit_id: audit.id,
    at: audit.at.toISOString(),
    by: audit.by,
    change: audit.change,
    key: audit.key,
    before: audit.before,
    after: audit.after,
  }
}

export function readAudit(value: JsonObject): FirearmsAudit {
  return {
    id: textField(value, 'audit_id'),
    at: dateField(value, 'at'),
    by: textField(value, 'by'),
    change: oneOf(changes, textField(value, 'change'), 'the change'),
    key: textField(value, 'key'),
    before: (value['before'] ?? null) === null ? null : objectField(value, 'before'),
    after: (value['after'] ?? null) === null ? null : objectField(value, 'after'),
  }
}
