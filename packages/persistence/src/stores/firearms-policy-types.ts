import type { JsonObject } from '../ports/record-table.js'
import type { Page, PageRequest } from './record-page.js'

/** An action is dangerous ("needs a firearm"); whoever does it must have been granted the firearm. */
export interface ActionBinding {
  readonly actionName: string
  readonly firearmId: string
  /** Whether a grant is not enough, and a strategy lock must be held as well. */
  readonly strategyLockRequired: boolean
  readonly note: string | null
  /** 1, 2, 3… with every change. */
  readonly revision: number
}

export type NewActionBinding = Omit<ActionBinding, 'revision' | 'note'> & {
  readonly note?: string | null
}

export const firearmActorTypes = ['user', 'service', 'plugin', 'agent'] as const
export type FirearmActorType = (typeof firearmActorTypes)[number]

export interface FirearmActor {
  readonly actorType: FirearmActorType
  readonly actorId: string
}

export interface FirearmGrant extends FirearmActor {
  readonly firearmId: string
  readonly reason: string | null
  readonly grantedBy: string
  readonly grantedAt: Date
  /** From then on it is as if it had never been given; null: until it is revoked. */
  readonly expiresAt: Date | null
}

export interface FirearmsAudit {
  readonly id: string
  readonly at: Date
  /** kind:id of the actor. */
  readonly by: string
  readonly change: 'bound' | 'rebound' | 'unbound' | 'granted' | 'revoked'
  /** The sort key of what was changed. */
  readonly key: string
  readonly before: JsonObject | null
  readonly after: JsonObject | null
}

export type FirearmsDecision =
  | { readonly allowed: true; readonly binding: ActionBinding | null }
  | {
      readonly allowed: false
      readonly binding: ActionBinding
      readonly reason: 'NO_GRANT' | 'STRATEGY_LOCK_REQUIRED'
    }

export interface FirearmsPolicyStore {
  /**
   * Binds an action that is bound to nothing yet. Atomic: of several that bind it at once exactly
   * one succeeds. `by` is kind:id of the actor, here and below; every change is audited with it.
   * @throws AppError CONFLICT when it is bound, INVALID_INPUT, TIMEOUT when too many contend
   */
  bind(binding: NewActionBinding, by: string): Promise<ActionBinding>

  /**
   * Changes a binding as the caller saw it.
   * @throws AppError NOT_FOUND, STALE_REVISION with `details.expected` and `details.current`
   */
  rebind(binding: NewActionBinding, expectedRevision: number, by: string): Promise<ActionBinding>

  /** Resolves to whether it was bound. Safe to repeat. */
  unbind(actionName: string, by: string): Promise<boolean>

  binding(actionName: string): Promise<ActionBinding | null>

  /** By action name. */
  bindings(page: PageRequest): Promise<Page<ActionBinding>>
  bindingsOf(firearmId: string, page: PageRequest): Promise<Page<ActionBinding>>

  /**
   * Gives a firearm to an actor, or gives it anew with another expiry. Atomic; safe to repeat, which
   * is audited again.
   * @throws AppError INVALID_INPUT, also for an expiry that has passed
   */
  grant(
    grant: FirearmActor & {
      readonly firearmId: string
      readonly reason?: string | null
      readonly expiresAt?: Date | null
    },
    by: string,
  ): Promise<FirearmGrant>

  /** Resolves to whether there was a grant. Safe to repeat. */
  revoke(actor: FirearmActor, firearmId: string, by: string): Promise<boolean>

  /** Null when it was never given, was revoked, or has expired. */
  grantOf(actor: FirearmActor, firearmId: string): Promise<FirearmGrant | null>
  grantsOf(actor: FirearmActor, page: PageRequest): Promise<Page<FirearmGrant>>
  /** Lookup by firearm: who may use it. */
  holdersOf(firearmId: string, page: PageRequest): Promise<Page<FirearmGrant>>

  /**
   * Whether an actor may do an action now. An action without a binding is not dangerous. Binding
   * and grant are read one after the other: a change in between may or may not be seen.
   */
  decide(
    actionName: string,
    actor: FirearmActor,
    holdsStrategyLock: boolean,
  ): Promise<FirearmsDecision>

  /** The newest first; one entry per change, written with it. */
  audit(page: PageRequest): Promise<Page<FirearmsAudit>>
}
