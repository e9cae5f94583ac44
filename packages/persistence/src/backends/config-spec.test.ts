import { describe, expect, it } from 'vitest'
import { parseConfig, redactConfig } from './config-spec.js'

const spec = {
  endpoint: { required: true },
  key: { required: true, secret: true },
  database: { required: false },
}
const config = { endpoint: 'https://one.example', key: 'secret:ONE_KEY' }

function failure(given: unknown): unknown {
  try {
    return parseConfig(spec, given)
  } catch (error) {
    return error
  }
}

describe('the config of a backend', () => {
  it('is taken as it is declared', () => {
    expect(parseConfig(spec, config)).toEqual(config)
    expect(parseConfig(spec, { ...config, database: 'd' })).toEqual({ ...config, database: 'd' })
  })

  it('is refused with unknown, missing or malformed fields', () => {
    for (const given of [
      null,
      'text',
      [],
      {},
      { endpoint: 'https://one.example' },
      { ...config, region: 'eu' },
      { ...config, endpoint: '' },
      { ...config, endpoint: 1 },
      { ...config, endpoint: 'x'.repeat(513) },
      { ...config, database: null },
      JSON.parse('{"endpoint":"e","key":"secret:K","__proto__":"x"}') as unknown,
    ]) {
      expect(failure(given)).toMatchObject({ code: 'INVALID_INPUT' })
    }
  })

  it('takes a secret as a reference only, and never repeats one that was given', () => {
    const error = failure({ ...config, key: 'hunter2' })
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2')
  })

  it('is shown without secrets, and without what nobody declared', () => {
    expect(redactConfig(spec, { ...config, other: 'x' })).toEqual({
      endpoint: 'https://one.example',
      key: '[redacted]',
      other: '[redacted]',
    })
    expect(redactConfig(undefined, config)).toEqual({ endpoint: '[redacted]', key: '[redacted]' })
  })
})
