import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const env = {
  DATABASE_URL: 'postgres://app@db/graph',
  WORKER_DATABASE_URL: 'postgres://worker@db/graph',
  INTERNAL_JWKS_URL: 'http://gateway/jwks',
  STORIES_URL: 'http://stories/graphql',
  EVENTS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:1:heirloom-domain-events.fifo',
  AWS_REGION: 'eu-central-1',
}

describe('the configuration', () => {
  it('serves and relays unless it is told otherwise', () => {
    expect(readConfig(env)).toEqual({
      api: {
        host: '127.0.0.1',
        port: 4102,
        databaseUrl: env.DATABASE_URL,
        internalJwksUrl: env.INTERNAL_JWKS_URL,
        storiesUrl: env.STORIES_URL,
      },
      relay: {
        databaseUrl: env.WORKER_DATABASE_URL,
        topicArn: env.EVENTS_TOPIC_ARN,
        region: env.AWS_REGION,
        endpoint: undefined,
      },
    })
  })

  it('asks of a process only what its role needs', () => {
    const { WORKER_DATABASE_URL: _worker, EVENTS_TOPIC_ARN: _topic, ...api } = env
    expect(readConfig({ ...api, SERVICE_ROLE: 'api' }).relay).toBeNull()
    const { DATABASE_URL: _app, STORIES_URL: _stories, ...relay } = env
    expect(readConfig({ ...relay, SERVICE_ROLE: 'worker' }).api).toBeNull()
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
  })

  it('refuses a role that does not exist and a port that is none', () => {
    expect(() => readConfig({ ...env, SERVICE_ROLE: 'both' })).toThrow('SERVICE_ROLE')
    expect(() => readConfig({ ...env, PORT: 'http' })).toThrow('PORT')
  })
})
