import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const env = {
  DATABASE_URL: 'postgres://app@db/stories',
  WORKER_DATABASE_URL: 'postgres://worker@db/stories',
  INTERNAL_JWKS_URL: 'http://gateway/jwks',
  EVENTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:000000000000:heirloom-domain-events.fifo',
  AWS_REGION: 'eu-west-1',
}

describe('the configuration', () => {
  it('runs requests and relay in one process unless told otherwise', () => {
    expect(readConfig(env)).toMatchObject({
      api: { host: '127.0.0.1', port: 4101 },
      relay: { endpoint: undefined },
    })
  })

  it('asks for no more than its role needs', () => {
    const { WORKER_DATABASE_URL: _worker, EVENTS_TOPIC_ARN: _topic, ...apiOnly } = env
    expect(readConfig({ ...apiOnly, SERVICE_ROLE: 'api' }).relay).toBeNull()
    const { DATABASE_URL: _database, INTERNAL_JWKS_URL: _keys, ...workerOnly } = env
    expect(readConfig({ ...workerOnly, SERVICE_ROLE: 'worker' }).api).toBeNull()
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
  })

  it('refuses a role that does not exist', () => {
    expect(() => readConfig({ ...env, SERVICE_ROLE: 'both' })).toThrow('SERVICE_ROLE')
  })
})
