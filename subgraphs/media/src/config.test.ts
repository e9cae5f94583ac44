import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const env = {
  DATABASE_URL: 'postgres://app@db/heirloom_media',
  WORKER_DATABASE_URL: 'postgres://worker@db/heirloom_media',
  INTERNAL_JWKS_URL: 'http://gateway/jwks',
  STORIES_URL: 'http://stories/graphql',
  EVENTS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:1:heirloom-domain-events.fifo',
  AWS_REGION: 'eu-west-1',
  S3_BUCKET: 'heirloom-media',
}

describe('the configuration of the media service', () => {
  it('comes from the environment alone', () => {
    const { api, relay } = readConfig(env)
    expect(api).toMatchObject({ host: '127.0.0.1', port: 4103, storiesUrl: env.STORIES_URL })
    expect(api?.s3).toEqual({ bucket: 'heirloom-media', region: 'eu-west-1' })
    expect(relay).toMatchObject({ topicArn: env.EVENTS_TOPIC_ARN })
  })

  it('takes the endpoint of S3 before the common one, for S3 alone', () => {
    const { api, relay } = readConfig({
      ...env,
      AWS_ENDPOINT_URL: 'http://localstack:4566',
      AWS_ENDPOINT_URL_S3: 'http://minio:9000',
      S3_PUBLIC_ENDPOINT: 'https://files.example.com',
    })
    expect(api?.s3).toMatchObject({
      endpoint: 'http://minio:9000',
      publicEndpoint: 'https://files.example.com',
    })
    expect(relay?.endpoint).toBe('http://localstack:4566')
  })

  it('asks an API process for nothing that only the worker needs, and the reverse', () => {
    const { WORKER_DATABASE_URL: _w, EVENTS_TOPIC_ARN: _e, ...ofApi } = env
    expect(readConfig({ ...ofApi, SERVICE_ROLE: 'api' }).relay).toBeNull()
    const { DATABASE_URL: _d, STORIES_URL: _s, S3_BUCKET: _b, ...ofWorker } = env
    expect(readConfig({ ...ofWorker, SERVICE_ROLE: 'worker' }).api).toBeNull()
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
  })

  it('refuses a role that it does not know', () => {
    expect(() => readConfig({ ...env, SERVICE_ROLE: 'everything' })).toThrow('SERVICE_ROLE')
  })
})
