import { describe, expect, it } from 'vitest'
import { tenantId } from '@heirloom/tenancy'
import { keptOf, parseRetention } from './retention.js'

const dayMs = 86_400_000
const [one, two] = [tenantId('t_one'), tenantId('t_two')]

describe('retention rules', () => {
  it('keep every event where none of them says otherwise', () => {
    expect(keptOf(parseRetention('[]'), one, 's')).toBeUndefined()
    const rules = parseRetention('[{ "streams": "timeline/", "max_events": 5 }]')
    expect(keptOf(rules, one, 'other')).toBeUndefined()
  })

  it('of a tenant come before those for any, and longer names before shorter ones', () => {
    const rules = parseRetention(`[
      { "max_age_days": 30 },
      { "streams": "timeline/", "max_events": 10 },
      { "streams": "timeline/x", "max_events": 20, "max_age_days": 0.5 },
      { "tenant_id": "t_two", "max_events": 40 }
    ]`)
    expect(keptOf(rules, one, 'canvas/1')).toEqual({ maxAgeMs: 30 * dayMs })
    expect(keptOf(rules, one, 'timeline/y')).toEqual({ maxEvents: 10 })
    expect(keptOf(rules, one, 'timeline/xy')).toEqual({ maxEvents: 20, maxAgeMs: dayMs / 2 })
    expect(keptOf(rules, two, 'timeline/xy')).toEqual({ maxEvents: 40 })
  })

  it('are refused by name when they are not what they should be', () => {
    for (const text of [
      'no json',
      '{}',
      '[1]',
      '[{}]',
      '[{ "max_events": 0 }]',
      '[{ "max_events": "many" }]',
      '[{ "max_age_days": -1 }]',
      '[{ "max_events": 1, "stream": "s" }]',
      '[{ "max_events": 1, "streams": 7 }]',
      '[{ "max_events": 1, "tenant_id": 7 }]',
    ]) {
      expect(() => parseRetention(text)).toThrow(/STREAM_RETENTION/)
    }
  })
})
