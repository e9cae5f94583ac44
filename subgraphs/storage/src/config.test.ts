import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.js'

const key = Buffer.alloc(32, 1).toString('base64')
const env = {
  DATABASE_URL: 'postgres://127.0.0.1/storage',
  INTERNAL_JWKS_URL: 'http://127.0.0.1:1/jwks',
  STORIES_URL: 'http://127.0.0.1:2/graphql',
  STREAM_CURSOR_KEYS: `k1:${key}`,
  EVENTS_QUEUE_URL: 'http://127.0.0.1:3/queue',
  AWS_REGION: 'eu-west-1',
}

function failure(changed: Record<string, string>): unknown {
  try {
    return readConfig({ ...env, ...changed })
  } catch (error) {
    return error
  }
}

describe('the configuration of storage', () => {
  it('has defaults for what a laptop need not say, the bootstrap file among them', () => {
    const config = readConfig(env)
    expect(config).toMatchObject({
      env: 'dev',
      api: { host: '127.0.0.1', port: 4105, pollIntervalMs: 1_000 },
      worker: { endpoint: undefined },
      bootstrap: {
        registry: { tenantId: 't_system', backendType: 'postgres' },
        routes: [{ resourceKind: 'event_stream', tenantId: null, env: null }],
      },
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('asks each role only for what it needs', () => {
    const { EVENTS_QUEUE_URL: _, ...api } = env
    expect(readConfig({ ...api, SERVICE_ROLE: 'api' }).worker).toBeNull()
    const { STREAM_CURSOR_KEYS: _keys, STORIES_URL: _url, ...worker } = env
    expect(readConfig({ ...worker, SERVICE_ROLE: 'worker' }).api).toBeNull()
  })

  it('names what is missing or malformed, and repeats no secret', () => {
    for (const name of Object.keys(env)) {
      expect(String(failure({ [name]: '' }))).toContain(name)
    }
    expect(String(failure({ SERVICE_ROLE: 'both' }))).toContain('SERVICE_ROLE')
    expect(String(failure({ PORT: 'x' }))).toContain('PORT')
    const error = failure({ STREAM_CURSOR_KEYS: 'c2VjcmV0' })
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(String(error)).not.toContain('c2VjcmV0')
  })

  it('reads another bootstrap file when one is named, and says so when it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'heirloom-'))
    const file = join(folder, 'routes.json')
    const registry = {
      tenant_id: 't_ops',
      backend_type: 'postgres',
      config: { connection: 'main' },
    }
    await writeFile(file, JSON.stringify({ registry }))
    const { bootstrap } = readConfig({ ...env, ROUTING_BOOTSTRAP_FILE: file })
    expect(bootstrap.registry.tenantId).toBe('t_ops')
    await rm(folder, { recursive: true })
    expect(failure({ ROUTING_BOOTSTRAP_FILE: file })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(String(failure({ ROUTING_BOOTSTRAP_FILE: file }))).toContain('cannot be read')
  })
})
