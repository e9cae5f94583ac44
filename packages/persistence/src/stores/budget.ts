/**
 * Limits on what a tenant and its projects spend, over a RecordTable (keys: layouts/budget.ts). All
 * of one budget of a tenant lies in one partition. A spend reads the accounts of project and tenant,
 * checks both limits, and writes both accounts, the months' sums, the entry and its idempotency key
 * in one transact, on condition that the accounts are as they were read. Invariant: an account's
 * `used` is the sum of its entries, less refunds, and was within the limit of its time at every
 * spend.
 *
 * All spends of one budget of one tenant meet in one record: some hundred a second at best.
 */
import { AppError } from '@heirloom/errors'
import { budgetLayout } from '../layouts/budget.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { RecordTable, RecordVersion, TableRecord, Write } from '../ports/record-table.js'
import {
  emptyAccount,
  givenBack,
  readAccount,
  readEntry,
  readHistory,
  rolled,
  spent,
  usageOf,
  usedInPeriod,
  writeAccount,
  writeEntry,
  writeHistory,
  type Account,
} from './budget-records.js'
import {
  budgetPeriods,
  type BudgetEntry,
  type BudgetStore,
  type Spend,
  type SpendOutcome,
} from './budget-types.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { identifier, oneOf, wholeNumber } from './input.js'
import { numberField, textField } from './record-fields.js'
import { readPage } from './record-page.js'
import { timedId, timestampPart } from './timed-id.js'

const { records } = budgetLayout
export const budgetKeys = {
  account: recordKeys(records.account),
  usage: recordKeys(records.usage),
  entry: recordKeys(records.entry),
  key: recordKeys(records.key),
}
const keys = budgetKeys

// Sums stay whole numbers that JSON keeps exactly: a thousand spends of the largest amount.
const maxAmount = Math.floor(Number.MAX_SAFE_INTEGER / 1_000)
/** Where a project would stand, for the tenant as a whole; no project has an empty id. */
const wholeTenant = ''

interface FoundAccount {
  readonly projectId: string | null
  readonly account: Account
  readonly version: RecordVersion | null
  readonly month: TableRecord | null
}

export function createBudgetStore(table: RecordTable, options: StoreOptions = {}): BudgetStore {
  const now = options.now ?? Date.now

  async function find(pk: string, projectId: string | null, nowMs: number): Promise<FoundAccount> {
    const record = await table.get(pk, accountSk(projectId))
    const account = rolled(record === null ? emptyAccount() : readAccount(record.value), nowMs)
    const month = await table.get(pk, usageSk(projectId, account.month))
    return { projectId, account, version: record?.version ?? null, month }
  }

  async function entryOf(pk: string, projectId: string, key: string): Promise<TableRecord | null> {
    const marker = await table.get(pk, keySk(projectId, key))
    if (marker === null) return null
    const ts = timestampPart(numberField(marker.value, 'ts'))
    const entry_id = textField(marker.value, 'entry_id')
    return table.get(pk, keys.entry.sk({ project_id: projectId, ts, entry_id }))
  }

  async function trySpend(
    budget: string,
    projectId: string,
    spend: Spend,
  ): Promise<SpendOutcome | null> {
    const pk = partition(budget)
    const before = await entryOf(pk, projectId, spend.idempotencyKey)
    if (before !== null) return { accepted: true, entry: sameEntry(readEntry(before.value), spend) }
    const atMs = now()
    const found = await Promise.all([find(pk, projectId, atMs), find(pk, null, atMs)])
    const full = found.find(({ account }) => passes(account, spend.amount))
    if (full !== undefined) {
      return { accepted: false, refusedBy: usageOf(budget, full.projectId, full.account) }
    }
    const entry: BudgetEntry = { ...spend, id: timedId(atMs), at: new Date(atMs), refunded: 0 }
    const ts = timestampPart(atMs)
    const written = await tryTransact(table, pk, [
      ...found.flatMap((one) => changeWrites(one, spent(one.account, spend.amount), 1)),
      {
        op: 'put',
        sk: keys.entry.sk({ project_id: projectId, ts, entry_id: entry.id }),
        value: writeEntry(entry),
        expect: 'absent',
      },
      {
        op: 'put',
        sk: keySk(projectId, spend.idempotencyKey),
        value: { ts: atMs, entry_id: entry.id },
        expect: 'absent',
      },
    ])
    return written ? { accepted: true, entry } : null
  }

  return {
    setLimit: async (budget, projectId, { limit, period }) => {
      const pk = partition(budget)
      if (limit !== null) wholeNumber(limit, 'the limit', 0, Number.MAX_SAFE_INTEGER)
      oneOf(budgetPeriods, period, 'the period')
      return untilWritten('this budget', options.random, async () => {
        const { account, version } = await find(pk, projectId, now())
        const next: Account = { ...account, limit, period }
        const written = await tryTransact(table, pk, [accountWrite(projectId, next, version)])
        return written ? usageOf(budget, projectId, next) : null
      })
    },
    spend: async (budget, projectId, spend) => {
      identifier(projectId, 'the project id')
      const checked = checkSpend(spend)
      return untilWritten('this budget', options.random, () => trySpend(budget, projectId, checked))
    },
    refund: async (budget, projectId, { idempotencyKey, refunded }) => {
      const pk = partition(budget)
      identifier(projectId, 'the project id')
      return untilWritten('this budget', options.random, async () => {
        const record = await entryOf(pk, projectId, idempotencyKey)
        if (record === null) throw new AppError('NOT_FOUND', 'there is no spend with this key')
        const entry = readEntry(record.value)
        wholeNumber(refunded, 'the refund', entry.refunded, entry.amount)
        if (refunded === entry.refunded) return entry
        const next = { ...entry, refunded }
        const back = refunded - entry.refunded
        const found = await Promise.all(
          [projectId, null].map((project) => find(pk, project, now())),
        )
        const written = await tryTransact(table, pk, [
          ...found.flatMap((one) =>
            changeWrites(one, givenBack(one.account, back, entry.at.getTime()), 0),
          ),
          {
            op: 'put',
            sk: record.sk,
            value: writeEntry(next),
            expect: { version: record.version },
          },
        ])
        return written ? next : null
      })
    },
    usage: async (budget, projectId) => {
      const { account } = await find(partition(budget), projectId, now())
      return usageOf(budget, projectId, account)
    },
    history: async (budget, projectId, page) => {
      const prefix = keys.usage.prefix({ project_id: projectPart(projectId) })
      const list = { prefix, order: 'descending' } as const
      return readPage(table, partition(budget), list, page, ({ value }) => readHistory(value))
    },
    entries: async (budget, projectId, page) => {
      const prefix = keys.entry.prefix({ project_id: identifier(projectId, 'the project id') })
      const list = { prefix, order: 'descending' } as const
      return readPage(table, partition(budget), list, page, ({ value }) => readEntry(value))
    },
  }
}

/** An account as it will be, and with it the sum of its month. */
function changeWrites(
  { projectId, account, version, month }: FoundAccount,
  next: Account,
  newEntries: number,
): readonly Write[] {
  const before = month === null ? null : readHistory(month.value)
  const value = writeHistory({
    month: account.month,
    used: next.usedMonth,
    entries: (before?.entries ?? 0) + newEntries,
  })
  return [
    accountWrite(projectId, next, version),
    { op: 'put', sk: usageSk(projectId, account.month), value },
  ]
}

function accountWrite(
  projectId: string | null,
  account: Account,
  version: RecordVersion | null,
): Write {
  const expect = version === null ? 'absent' : { version }
  return { op: 'put', sk: accountSk(projectId), value: writeAccount(account), expect }
}

function passes(account: Account, amount: number): boolean {
  return account.limit !== null && usedInPeriod(account) + amount > account.limit
}

function checkSpend(spend: Spend): Spend {
  return {
    amount: wholeNumber(spend.amount, 'the amount', 1, maxAmount),
    idempotencyKey: identifier(spend.idempotencyKey, 'the idempotency key'),
    kind: identifier(spend.kind, 'the kind'),
    by: identifier(spend.by, 'the actor'),
  }
}

function sameEntry(entry: BudgetEntry, spend: Spend): BudgetEntry {
  if (entry.amount === spend.amount && entry.kind === spend.kind) return entry
  throw new AppError(
    'IDEMPOTENCY_KEY_REUSED',
    'another spend was counted with this idempotency key before',
  )
}

function partition(budget: string): string {
  return keys.account.pk({ budget: identifier(budget, 'the budget') })
}

function projectPart(projectId: string | null): string {
  return projectId === null ? wholeTenant : identifier(projectId, 'the project id')
}

function accountSk(projectId: string | null): string {
  return keys.account.sk({ project_id: projectPart(projectId) })
}

function usageSk(projectId: string | null, period: string): string {
  return keys.usage.sk({ project_id: projectPart(projectId), period })
}

function keySk(projectId: string, idempotencyKey: string): string {
  const idempotency_key = identifier(idempotencyKey, 'the idempotency key')
  return keys.key.sk({ project_id: projectId, idempotency_key })
}
