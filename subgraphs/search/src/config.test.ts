import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const env = {
  DATABASE_URL: 'postgres://app@db/heirloom_search',
  INTERNAL_JWKS_URL: 'http://gateway/jwks',
  EVENTS_QUEUE_URL: 'http://sqs/queue',
  AWS_REGION: 'eu-west-1',
}

describe('the configuration', () => {
  it('has defaults for all that a laptop need not say, and cannot be changed', () => {
    const config = readConfig(env)
    expect(config).toMatchObject({
      databaseUrl: env.DATABASE_URL,
      api: { host: '127.0.0.1', port: 4104, internalJwksUrl: env.INTERNAL_JWKS_URL },
      worker: { queueUrl: env.EVENTS_QUEUE_URL, region: 'eu-west-1', endpoint: undefined },
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
  })

  it('asks a process of one role only for what that role needs', () => {
    const { EVENTS_QUEUE_URL: _queue, AWS_REGION: _region, ...api } = env
    const { INTERNAL_JWKS_URL: _jwks, ...worker } = env
    expect(readConfig({ ...api, SERVICE_ROLE: 'api' }).worker).toBeNull()
    expect(readConfig({ ...worker, SERVICE_ROLE: 'worker' }).api).toBeNull()
    expect(() => readConfig({ ...env, SERVICE_ROLE: 'cook' })).toThrow('SERVICE_ROLE')
  })
})
