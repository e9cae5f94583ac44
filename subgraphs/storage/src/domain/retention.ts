import { AppError } from '@heirloom/errors'
import { tenantId, type TenantId } from '@heirloom/tenancy'

/** An event goes when it is older, or when so many newer ones are there; without a bound it stays. */
export interface Kept {
  readonly maxAgeMs?: number
  readonly maxEvents?: number
}

export interface RetentionRule {
  /** Null: any tenant. */
  readonly tenantId: TenantId | null
  /** Streams whose id begins with this; empty: every stream. */
  readonly streams: string
  readonly kept: Kept
}

const dayMs = 86_400_000
const fields = ['tenant_id', 'streams', 'max_age_days', 'max_events']

/**
 * Reads `[{"tenant_id": "t_x", "streams": "timeline/", "max_age_days": 365, "max_events": 100000}]`;
 * tenant_id and streams may be left out, and one of the two bounds.
 * @throws AppError INVALID_INPUT that names what is wrong
 */
export function parseRetention(text: string): readonly RetentionRule[] {
  const rules: unknown = parsed(text)
  if (!Array.isArray(rules)) throw invalid('is a JSON list of rules')
  return rules.map(rule)
}

/** That of a tenant before that for any, and then that with the longest beginning of the name. */
export function keptOf(
  rules: readonly RetentionRule[],
  tenant: TenantId,
  streamId: string,
): Kept | undefined {
  const rank = (one: RetentionRule): number =>
    (one.tenantId === null ? 0 : 1_000) + one.streams.length
  const [first] = rules
    .filter((one) => one.tenantId === null || one.tenantId === tenant)
    .filter(({ streams }) => streamId.startsWith(streams))
    .toSorted((one, other) => rank(other) - rank(one))
  return first?.kept
}

function rule(given: unknown): RetentionRule {
  if (typeof given !== 'object' || given === null) throw invalid('has objects as its rules')
  const values = new Map<string, unknown>(Object.entries(given))
  const unknown = [...values.keys()].find((name) => !fields.includes(name))
  if (unknown !== undefined) throw invalid(`has no field "${unknown}"`)
  const days = bound(values.get('max_age_days'), 'max_age_days')
  const maxEvents = bound(values.get('max_events'), 'max_events')
  if (days === undefined && maxEvents === undefined) {
    throw invalid('needs max_age_days or max_events in every rule')
  }
  const [tenant, streams = ''] = [values.get('tenant_id'), values.get('streams')]
  if (typeof streams !== 'string' || (tenant !== undefined && typeof tenant !== 'string')) {
    throw invalid('gives tenant_id and streams as texts')
  }
  return {
    tenantId: tenant === undefined ? null : tenantId(tenant),
    streams,
    kept: {
      ...(days === undefined ? {} : { maxAgeMs: days * dayMs }),
      ...(maxEvents === undefined ? {} : { maxEvents }),
    },
  }
}

// Nothing at all would be kept by a bound of zero: more likely a slip than a wish.
function bound(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw invalid(`gives "${name}" as a number above 0`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('INVALID_INPUT', 'STREAM_RETENTION is no JSON', { cause })
  }
}

function invalid(what: string): AppError {
  return new AppError('INVALID_INPUT', `STREAM_RETENTION ${what}`)
}
