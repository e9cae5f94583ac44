import type { JsonObject } from '../ports/record-table.js'
import {
  budgetPeriods,
  type BudgetEntry,
  type BudgetHistory,
  type BudgetPeriod,
  type BudgetUsage,
} from './budget-types.js'
import { oneOf } from './input.js'
import { dateField, numberField, optionalNumberField, textField } from './record-fields.js'

/** What is used is kept for every period, so that a limit may change from one to another. */
export interface Account {
  readonly limit: number | null
  readonly period: BudgetPeriod
  readonly day: string
  readonly usedDay: number
  readonly month: string
  readonly usedMonth: number
  readonly usedTotal: number
}

const dayLength = 10
const monthLength = 7

export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, monthLength)
}

export function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, dayLength)
}

export function emptyAccount(): Account {
  return {
    limit: null,
    period: 'month',
    day: '',
    usedDay: 0,
    month: '',
    usedMonth: 0,
    usedTotal: 0,
  }
}

/** As of now. A clock that is behind another's does not reopen a period that has ended. */
export function rolled(account: Account, nowMs: number): Account {
  const [day, month] = [dayOf(nowMs), monthOf(nowMs)]
  return {
    ...account,
    ...(day > account.day ? { day, usedDay: 0 } : {}),
    ...(month > account.month ? { month, usedMonth: 0 } : {}),
  }
}

/** `amount` more used in the running periods, whatever the clock of who spends it says. */
export function spent(account: Account, amount: number): Account {
  return {
    ...account,
    usedDay: account.usedDay + amount,
    usedMonth: account.usedMonth + amount,
    usedTotal: account.usedTotal + amount,
  }
}

/** `amount` less used; periods that began after it was spent are left alone. */
export function givenBack(account: Account, amount: number, spentAtMs: number): Account {
  return {
    ...account,
    usedDay: account.usedDay - (dayOf(spentAtMs) >= account.day ? amount : 0),
    usedMonth: account.usedMonth - (monthOf(spentAtMs) >= account.month ? amount : 0),
    usedTotal: account.usedTotal - amount,
  }
}

export function usedInPeriod(account: Account): number {
  const { period, usedDay, usedMonth, usedTotal } = account
  return { day: usedDay, month: usedMonth, total: usedTotal }[period]
}

export function usageOf(budget: string, projectId: string | null, account: Account): BudgetUsage {
  const { limit, period } = account
  const sum = usedInPeriod(account)
  const remaining = limit === null ? null : Math.max(0, limit - sum)
  return { budget, projectId, limit, period, used: sum, remaining }
}

export function writeAccount(account: Account): JsonObject {
  return {
    limit: account.limit,
    period: account.period,
    day: account.day,
    used_day: account.usedDay,
    month: account.month,
    used_month: account.usedMonth,
    used_total: account.usedTotal,
  }
}

export function readAccount(value: JsonObject): Account {
  return {
    limit: optionalNumberField(value, 'limit'),
    period: oneOf(budgetPeriods, textField(value, 'period'), 'the period'),
    day: textField(value, 'day'),
    usedDay: numberField(value, 'used_day'),
    month: textField(value, 'month'),
    usedMonth: numberField(value, 'used_month'),
    usedTotal: numberField(value, 'used_total'),
  }
}

export function writeEntry(entry: BudgetEntry): JsonObject {
  return {
    entry_id: entry.id,
    at: entry.at.toISOString(),
    amount: entry.amount,
    idempotency_key: entry.idempotencyKey,
    kind: entry.kind,
    by: entry.by,
    refunded: entry.refunded,
  }
}

export function readEntry(value: JsonObject): BudgetEntry {
  return {
    id: textField(value, 'entry_id'),
    at: dateField(value, 'at'),
    amount: numberField(value, 'amount'),
    idempotencyKey: textField(value, 'idempotency_key'),
    kind: textField(value, 'kind'),
    by: textField(value, 'by'),
    refunded: numberField(value, 'refunded'),
  }
}

export function writeHistory(history: BudgetHistory): JsonObject {
  return { month: history.month, used: history.used, entries: history.entries }
}

export function readHistory(value: JsonObject): BudgetHistory {
  return {
    month: textField(value, 'month'),
    used: numberField(value, 'used'),
    entries: numberField(value, 'entries'),
  }
}
