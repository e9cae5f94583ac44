/**
 * Which route a record belongs to. A route chooses by tenant, mode, project and surface; of these a
 * record tells the tenant, and what the keys of its kind spell out (layouts/). What they do not, no
 * one can say afterwards, so there are two questions: whether a record may belong to a route (then it
 * is copied along), and whether it surely does (only then it is ever removed).
 */
import { layoutsByKind } from '../layouts/by-kind.js'
import { keyPattern, type KeyPattern } from '../ports/key-pattern.js'
import type { ScannedRecord } from '../ports/record-scan.js'
import { splitKey } from '../keys.js'
import { AppError } from '@heirloom/errors'
import type { Route, RouteScope } from '../routing/route.js'
import { rank } from '../routing/select.js'

export type Belonging = 'surely' | 'maybe' | 'not'
export type RecordKey = Pick<ScannedRecord, 'tenant' | 'pk' | 'sk'>

interface Pattern {
  readonly pk: KeyPattern
  readonly sk: KeyPattern
}

export interface Ownership {
  /** What the partitions of the kind begin with. */
  readonly prefixes: readonly string[]
  belongs(record: RecordKey): Belonging
}

/** @throws AppError INVALID_INPUT for a kind whose keys nobody has declared */
export function ownershipOf(route: Route, routes: readonly Route[]): Ownership {
  const layout = layoutsByKind[route.resourceKind]
  if (layout === undefined) {
    throw new AppError('INVALID_INPUT', `the keys of ${route.resourceKind} are not declared`)
  }
  const patterns = Object.values(layout.records).map(({ pk, sk }): Pattern => {
    return { pk: keyPattern(pk), sk: keyPattern(sk) }
  })
  const rivals = routes
    .filter((one) => one.resourceKind === route.resourceKind && one.env === route.env)
    .sort((one, other) => rank(other) - rank(one))

  return {
    prefixes: [...new Set(patterns.map(({ pk }) => pk.literalPrefix))],
    belongs: (record) => {
      const found = valuesOf(patterns, record)
      return found === null ? 'not' : judge(route.id, rivals, record, found)
    },
  }
}

/** The escaped values that the keys spell out; null for a record of another kind. */
function valuesOf(
  patterns: readonly Pattern[],
  { pk, sk }: RecordKey,
): ReadonlyMap<string, string> | null {
  for (const pattern of patterns) {
    const ofPartition = pattern.pk.match(pk)
    const ofKey = ofPartition === null ? null : pattern.sk.match(sk)
    if (ofPartition !== null && ofKey !== null) return new Map([...ofKey, ...ofPartition])
  }
  return null
}

function judge(
  id: string,
  rivals: readonly Route[],
  record: RecordKey,
  values: ReadonlyMap<string, string>,
): Belonging {
  let isMaybe = false
  // From the most specific down: the first that surely fits is taken, whatever comes below it.
  for (const rival of rivals) {
    const fit = fits(rival, record, values)
    if (fit === 'not') continue
    if (rival.id === id) {
      if (fit === 'maybe') return 'maybe'
      return isMaybe ? 'maybe' : 'surely'
    }
    if (fit === 'surely') return 'not'
    isMaybe = true
  }
  return 'not'
}

function fits(
  scope: RouteScope,
  { tenant }: RecordKey,
  values: ReadonlyMap<string, string>,
): Belonging {
  if (scope.tenantId !== null && scope.tenantId !== tenant) return 'not'
  const conditions: readonly Belonging[] = [
    condition(scope.projectId === null ? null : [scope.projectId], values.get('project_id')),
    condition(scope.surfaceId === null ? null : [scope.surfaceId], values.get('surface_id')),
    condition(scope.modes.length === 0 ? null : scope.modes, values.get('mode')),
  ]
  if (conditions.includes('not')) return 'not'
  return conditions.includes('maybe') ? 'maybe' : 'surely'
}

function condition(wanted: readonly string[] | null, value: string | undefined): Belonging {
  if (wanted === null) return 'surely'
  if (value === undefined) return 'maybe'
  return wanted.includes(splitKey(value).join('#')) ? 'surely' : 'not'
}
