import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { afterPrefix } from '../../keys.js'
import { checkSortKey } from '../../ports/limits.js'
import { readPageToken } from '../../ports/page-token.js'
import type { RecordRange, RecordTableCapabilities } from '../../ports/record-table.js'

interface Bound {
  readonly sk: string
  readonly inclusive: boolean
}

/**
 * Sort keys between two bounds, as one key condition: DynamoDB allows no second one on SK. Never
 * begins_with, which not every server of the protocol tells from LIKE, without regard to case.
 */
export interface Interval {
  readonly condition: string
  readonly values: Record<string, AttributeValue>
  /** BETWEEN takes its bounds in; those that are not wanted are left out here. */
  readonly excludedLow: string | null
  readonly excludedHigh: string | null
}

/**
 * Null when no key can be in it. A page token is a bound as well: the last key handed out.
 * @throws AppError INVALID_INPUT, CURSOR_INVALID
 */
export function intervalOf(
  pk: string,
  range: RecordRange,
  capabilities: RecordTableCapabilities,
): Interval | null {
  const lower: Bound[] = []
  const upper: Bound[] = []
  if (range.prefix !== undefined && range.prefix !== '') {
    checkSortKey(range.prefix, capabilities)
    lower.push({ sk: range.prefix, inclusive: true })
    const end = afterPrefix(range.prefix)
    // No key is longer than a prefix of the greatest length; and its end might be too long to ask.
    const full = Buffer.byteLength(range.prefix) === capabilities.maxSortKeyBytes
    if (full) upper.push({ sk: range.prefix, inclusive: true })
    else if (end !== null) upper.push({ sk: end, inclusive: false })
  }
  if (range.after !== undefined && range.after !== '') {
    checkSortKey(range.after, capabilities)
    lower.push({ sk: range.after, inclusive: false })
  }
  if (range.before !== undefined) {
    if (range.before === '') return null
    checkSortKey(range.before, capabilities)
    upper.push({ sk: range.before, inclusive: false })
  }
  if (range.token !== undefined) {
    const last = { sk: readPageToken(pk, range, range.token), inclusive: false }
    if (range.order === 'descending') upper.push(last)
    else lower.push(last)
  }
  return between(tightest(lower, 1), tightest(upper, -1))
}

function between(low: Bound | undefined, high: Bound | undefined): Interval | null {
  if (low === undefined || high === undefined) {
    const bound = low ?? high
    if (bound === undefined)
      return { condition: '', values: {}, excludedLow: null, excludedHigh: null }
    const operator = `${low === undefined ? '<' : '>'}${bound.inclusive ? '=' : ''}`
    return {
      condition: ` AND SK ${operator} :low`,
      values: { ':low': { S: bound.sk } },
      excludedLow: null,
      excludedHigh: null,
    }
  }
  const order = compare(low.sk, high.sk)
  if (order > 0 || (order === 0 && !(low.inclusive && high.inclusive))) return null
  return {
    condition: ' AND SK BETWEEN :low AND :high',
    values: { ':low': { S: low.sk }, ':high': { S: high.sk } },
    excludedLow: low.inclusive ? null : low.sk,
    excludedHigh: high.inclusive ? null : high.sk,
  }
}

/** The greatest of lower bounds (direction 1), the least of upper ones (-1). */
function tightest(bounds: readonly Bound[], direction: 1 | -1): Bound | undefined {
  return bounds.reduce<Bound | undefined>((best, bound) => {
    if (best === undefined) return bound
    const order = compare(bound.sk, best.sk) * direction
    return order > 0 || (order === 0 && !bound.inclusive) ? bound : best
  }, undefined)
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
