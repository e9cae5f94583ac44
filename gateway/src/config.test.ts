import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const key = randomBytes(32).toString('base64')
const env = {
  PUBLIC_URL: 'https://heirloom.test',
  DATABASE_URL: 'postgres://localhost/heirloom_gateway',
  OIDC_ISSUER: 'https://id.test/realms/heirloom',
  OIDC_CLIENT_ID: 'gateway',
  OIDC_CLIENT_SECRET: 'secret',
  SESSION_KEYS: `new:${key},old:${key}`,
  INTERNAL_KEYS_FILE: '/keys.json',
}

describe('the configuration', () => {
  it('reads what is set and knows the rest', () => {
    const config = readConfig({ ...env, STORIES_URL: 'http://stories/graphql', PORT: '80' })
    expect(config.port).toBe(80)
    expect(config.host).toBe('127.0.0.1')
    expect(config.trustedProxies).toEqual([])
    expect(config.oidc.audience).toBe('urn:heirloom:api')
    expect(config.sessionKeys.map(({ kid }) => kid)).toEqual(['new', 'old'])
    expect([...config.subgraphUrls]).toEqual([['stories', 'http://stories/graphql']])
    expect([config.executor, config.planner, config.shareInFlight]).toEqual([
      'compiled',
      'auto',
      true,
    ])
    expect(config.rates).toMatchObject({ perAddress: 60_000, perUser: 12_000, windowSeconds: 60 })
    expect(config.costs).toEqual({ maxCost: 20_000, maxListSize: 1_000, defaultListSize: 10 })
    expect([config.trustedProxies, config.introspection, config.persisted?.mode]).toEqual([
      0,
      true,
      'automatic',
    ])
    expect(config.asks.get('graph')).toEqual(['stories'])
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each(Object.keys(env))('names %s when it is missing', (name) => {
    expect(() => readConfig({ ...env, [name]: undefined })).toThrow(name)
  })

  it.each([
    ['PUBLIC_URL', 'https://heirloom.test/app'],
    ['PUBLIC_URL', 'ftp://heirloom.test'],
    ['OIDC_ISSUER', 'nowhere'],
    ['SESSION_KEYS', 'k:c2hvcnQ='],
    ['SESSION_KEYS', key],
    ['PORT', 'eighty'],
    ['GATEWAY_EXECUTOR', 'fast'],
    ['GATEWAY_PLANNER', 'best'],
    ['GATEWAY_SHARE_IN_FLIGHT', 'maybe'],
    ['INTROSPECTION', 'sometimes'],
    ['RATE_LIMIT_PER_USER', 'many'],
    ['MAX_COST', '-1'],
    ['PERSISTED_OPERATIONS', 'some'],
    ['PERSISTED_OPERATIONS', 'listed'],
    ['PERSISTED_OPERATIONS_FILE', '/nowhere/list.json'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readConfig({ ...env, [name]: value })).toThrow(name)
  })

  it('reads the proxies whose word is taken', () => {
    const { trustedProxies } = readConfig({ ...env, TRUSTED_PROXIES: '10.0.0.0/8, ::1 loopback' })
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1', 'loopback'])
  })
})
