import type { Page, PageRequest } from './record-page.js'

export const budgetPeriods = ['day', 'month', 'total'] as const
export type BudgetPeriod = (typeof budgetPeriods)[number]

export interface BudgetUsage {
  readonly budget: string
  /** Null: the tenant as a whole. */
  readonly projectId: string | null
  /** Whole units (cents, tokens, bytes); null: no limit. */
  readonly limit: number | null
  /** What the limit is for; days and months are UTC. */
  readonly period: BudgetPeriod
  /** Used in the running period. */
  readonly used: number
  /** Null without a limit; 0 also when more was used, before the limit was lowered. */
  readonly remaining: number | null
}

export interface Spend {
  readonly amount: number
  /** Repeated with the same key, a spend counts once. */
  readonly idempotencyKey: string
  /** What it was for: `ai.generate`, `media.transcode`. */
  readonly kind: string
  /** kind:id of the actor. */
  readonly by: string
}

export interface BudgetEntry extends Spend {
  readonly id: string
  readonly at: Date
  readonly refunded: number
}

export type SpendOutcome =
  | { readonly accepted: true; readonly entry: BudgetEntry }
  /** `refusedBy` is the first of project and tenant whose limit it would have passed. */
  | { readonly accepted: false; readonly refusedBy: BudgetUsage }

export interface BudgetHistory {
  /** `2026-11` */
  readonly month: string
  readonly used: number
  readonly entries: number
}

export interface BudgetStore {
  /**
   * Sets the limit of a project, or of the tenant (null). What was used stays used. A limit below
   * what was used refuses every spend until the period ends. Atomic; safe to repeat.
   * @throws AppError INVALID_INPUT, TIMEOUT when too many writers contend
   */
  setLimit(
    budget: string,
    projectId: string | null,
    limit: { readonly limit: number | null; readonly period: BudgetPeriod },
  ): Promise<BudgetUsage>

  /**
   * Counts an amount against the project and the tenant, if neither limit is passed by it: against
   * both, or against none. However many spend at once, no limit is ever passed. A spend that was
   * accepted is returned again for the same key; one that was refused may be accepted later.
   * @throws AppError INVALID_INPUT, IDEMPOTENCY_KEY_REUSED for the key of another spend, TIMEOUT
   *   when too many writers contend, BACKEND_UNAVAILABLE (it may have been counted: repeat it)
   */
  spend(budget: string, projectId: string, spend: Spend): Promise<SpendOutcome>

  /**
   * Gives back what a spend turned out not to need: `refunded` is the sum of all refunds of the
   * entry, so repeating it changes nothing. It counts for the running period if the spend did.
   * @throws AppError NOT_FOUND, INVALID_INPUT for more than was spent, or less than was refunded
   */
  refund(
    budget: string,
    projectId: string,
    refund: { readonly idempotencyKey: string; readonly refunded: number },
  ): Promise<BudgetEntry>

  usage(budget: string, projectId: string | null): Promise<BudgetUsage>

  /** By month, the newest first. */
  history(budget: string, projectId: string | null, page: PageRequest): Promise<Page<BudgetHistory>>

  /** The newest first. */
  entries(budget: string, projectId: string, page: PageRequest): Promise<Page<BudgetEntry>>
}
