import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const env = {
  DATABASE_URL: 'postgres://app@db/heirloom_plugins',
  WORKER_DATABASE_URL: 'postgres://worker@db/heirloom_plugins',
  INTERNAL_JWKS_URL: 'http://gateway/jwks',
}

describe('the configuration of the plugins service', () => {
  it('comes from the environment alone', () => {
    expect(readConfig({ ...env, HOST: '0.0.0.0', PORT: '8080' })).toEqual({
      api: {
        host: '0.0.0.0',
        port: 8080,
        databaseUrl: env.DATABASE_URL,
        internalJwksUrl: env.INTERNAL_JWKS_URL,
      },
      worker: { databaseUrl: env.WORKER_DATABASE_URL },
    })
  })

  it('asks a process only for what it needs', () => {
    const { WORKER_DATABASE_URL: worker, ...api } = env
    expect(readConfig({ ...api, SERVICE_ROLE: 'api' })).toMatchObject({ worker: null })
    expect(readConfig({ WORKER_DATABASE_URL: worker, SERVICE_ROLE: 'worker' })).toEqual({
      api: null,
      worker: { databaseUrl: worker },
    })
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: '' })).toThrow(name)
  })

  it('names a port that is none', () => {
    expect(() => readConfig({ ...env, PORT: 'http' })).toThrow('PORT')
  })
})
